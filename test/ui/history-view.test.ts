import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatHistory, instructionOf } from "../../src/ui/history-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });
const narrow = styleWith({ color: true, width: 60 });

describe("formatHistory", () => {
  test("shows instruction, size and bar of each layer, and the sum", () => {
    const rows = [
      { createdBy: 'CMD ["nginx" "-g" "daemon off;"]', size: 0, created: 3, emptyLayer: true },
      {
        createdBy: "RUN /bin/sh -c apt-get update && apt-get install nginx -y # buildkit",
        size: 60_000_000,
        created: 2,
      },
      { createdBy: "/bin/sh -c #(nop) ADD file:1234 in / ", size: 80_000_000, created: 1 },
    ];
    expect(formatHistory(rows, style)).toBe(
      [
        " SIZE                    INSTRUCTION",
        '  0 B                    CMD ["nginx" "-g" "daemon off;"]',
        "60 MB  ████████████      RUN apt-get update && apt-get install nginx -y",
        "80 MB  ████████████████  ADD file:1234 in /",
        "",
        "140 MB in 2 layers",
      ].join("\n"),
    );
  });

  test.each([
    ["/bin/sh -c #(nop)  EXPOSE 80", "EXPOSE 80"],
    ["/bin/sh -c make install", "RUN make install"],
    ["RUN |2 FILENAME=nginx-1.19.2 EXTENSION=tar.gz /bin/sh -c tar -xf x # buildkit", "RUN tar -xf x"],
    ["|1 A=b c /bin/sh -c make", "RUN make"],
    ["COPY . . # buildkit", "COPY . ."],
    ["RUN /bin/bash -c make # buildkit", "RUN /bin/bash -c make"],
  ])("%s is %s", (createdBy, instruction) => {
    expect(instructionOf(createdBy)).toBe(instruction);
  });
});

test("names can't touch the terminal", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(formatHistory([{ createdBy: text, size: 3, created: 1 }], narrow)).toMatch(SAFE_OUTPUT);
    }),
  );
});
