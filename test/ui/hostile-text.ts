import fc from "fast-check";

/** What output may consist of: colours, line ends, tabs, and characters that a terminal shows. */
// oxlint-disable-next-line no-control-regex
export const SAFE_OUTPUT = /^(\x1b\[[0-9;]*m|[^\p{Cc}\p{Bidi_C}]|[\n\t])*$/u;

/** Text with much of what terminals obey: escape sequences whole and cut, C0 and C1 controls, bidi marks. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.constantFrom(
        "\x1b",
        "\x1b[",
        "\x1b[3",
        "1m",
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[2J",
        "\x1b]0;t\x07",
        "\x1b_x\x1b\\",
      ),
      fc.constantFrom(
        "\r",
        "\n",
        "\r\n",
        "\b",
        "\0",
        "\x7f",
        "\x9b31m",
        "\x9d",
        "\u202e",
        "\u2066",
        "\u200f",
        "\u061c",
      ),
      fc.constantFrom("::error::", "##vso[x]", "你好", "é", "e\u0301", "👍", "web", " "),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(""));
