import { describe, expect, test } from "vitest";
import { compileText } from "../support/compile-text.ts";

const repeat = (text: string, length = 1_000_000): string => text.repeat(Math.floor(length / text.length));
const many = (count: number, item: (index: number) => string, separator: string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(separator);

/** Files that are small enough to be read and would take very long, or the whole stack, without limits. */
const BOMBS: Readonly<Record<string, string>> = {
  "deep flow lists": repeat("["),
  "deep flow maps": repeat("{"),
  "deep block lists": repeat("- "),
  "deep block maps": many(1300, (index) => `${" ".repeat(index)}a:`, "\n"),
  "deep keys": repeat("? "),
  "sibling keys": many(50_000, (index) => `k${index}: 1`, "\n"),
  "sibling keys on one line": `{${many(50_000, (index) => `k${index}: 1`, ", ")}}`,
  "list items": `services: { web: { image: nginx, command: [${repeat("1,")}] } }`,
  documents: repeat("---\n"),
  quotes: repeat('"'),
  lines: repeat("\n"),
  anchors: many(40_000, (index) => `- &a${index} x`, "\n"),
  "merge keys": `x: &x {${many(1900, (index) => `k${index}: 1`, ", ")}}\ny: { <<: [${repeat("*x,", 20_000)}] }`,
  "deep aliases": `${many(90, (index) => `x-${index + 1}: &a${index + 1} [*a${index}]`, "\n").replace("*a0", "1")}\n`,
  "nested variables": `services: { web: { image: "${repeat("${A:-", 500_000)}" } }`,
  "ranges of ports": `services:\n${many(1500, (index) => ` s${index}: { image: a, ports: ["1-20000:1-20000"], expose: ["1-20000"] }`, "\n")}`,
  "unknown services": `services:\n${many(1900, (index) => ` s${index}: { image: a, depends_on: [x${index}, y${index}, z${index}] }`, "\n")}`,
  "wrong types": `services:\n${many(1900, (index) => ` s${index}: { image: [], ports: 1, scale: x, environment: 3, mounts: [1, 2] }`, "\n")}`,
  "a long cycle": `services:\n${many(1900, (index) => ` s${index}: { image: a, scale: 1000, depends_on: [s${(index + 1) % 1900}] }`, "\n")}`,
};

describe("a file that is made to hurt is refused in under two seconds:", () => {
  test.each(Object.entries(BOMBS))("%s", (_, text) => {
    const start = performance.now();
    const { project, diagnostics } = compileText(text, { env: { A: "x" } });
    expect(performance.now() - start).toBeLessThan(2000);
    expect(project).toBeUndefined();
    expect(diagnostics.length).toBeGreaterThan(0);
  });
});

test("values of variables can't make the file large without end", () => {
  const text = `services: { web: { image: nginx, command: [${many(1000, () => '"${BIG}"', ",")}] } }`;
  const { diagnostics } = compileText(text, { env: { BIG: "x".repeat(100_000) } });
  expect(diagnostics.map((one) => one.code)).toContain("yaml-limit");
});

test("2,000 keys, 64 levels and 1 MiB are within the limits", () => {
  const keys = `services: { web: { image: nginx, labels: {${many(2000, (index) => `k${index}: 1`, ", ")}} } }`;
  expect(compileText(keys).project).toBeDefined();
  expect(
    compileText(`x-deep: ${"[".repeat(63)}${"]".repeat(63)}\nservices: { web: { image: nginx } }`).project,
  ).toBeDefined();
  const start = "services: { web: { image: nginx } } # ";
  expect(compileText(start + "x".repeat(1024 * 1024 - start.length)).project).toBeDefined();
  expect(compileText(start + "x".repeat(1024 * 1024 - start.length + 1)).project).toBeUndefined();
});
