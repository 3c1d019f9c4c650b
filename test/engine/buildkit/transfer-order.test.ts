import fc from "fast-check";
import { expect, test } from "vitest";
import { assertFollows, comparePaths, START, type Place } from "../../../src/engine/buildkit/transfer-order.ts";

const names = fc
  .stringMatching(/^[a.\-\u{e9}\u{fffd}\u{1f600}]{1,3}$/u)
  .filter((name) => name !== "." && name !== "..");
const paths = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

test("paths are ordered by the bytes of their names", () => {
  const bytewise = (a: string, b: string): number => {
    const [x, y] = [a.split("/"), b.split("/")];
    for (let at = 0; at < Math.min(x.length, y.length); at += 1) {
      const order = Buffer.compare(Buffer.from(x[at] ?? ""), Buffer.from(y[at] ?? ""));
      if (order !== 0) return order;
    }
    return x.length - y.length;
  };
  fc.assert(
    fc.property(paths, paths, (a, b) => {
      expect(Math.sign(comparePaths(a, b))).toBe(Math.sign(bytewise(a, b)));
    }),
  );
});

function walk(...entries: readonly string[]): Place {
  return entries.reduce<Place>(
    (place, text) =>
      assertFollows(place, { path: text.replace(/\/$/, ""), kind: text.endsWith("/") ? "directory" : "file" }),
    START,
  );
}

test("a walk in order, each directory before what it holds, is accepted", () => {
  expect(walk("a/", "a/b/", "a/b/c", "a/d", "a-b", "a.txt", "b/", "c").open).toEqual([]);
  expect(walk("a/", "a/b/", "a/b/c").open).toEqual(["a", "a/b"]);
});

test.each([
  [["b", "a"], /out of order: "a" after "b"/],
  [["a", "a"], /out of order/],
  [["a/", "a-b", "a/c"], /out of order/],
  [["a/b"], /without its directory: "a\/b"/],
  [["a", "a/b"], /without its directory/],
  [["a/", "b/", "b/c/d"], /without its directory/],
])("%j is refused", (entries, message) => {
  expect(() => walk(...entries)).toThrow(message);
});

test.each(["", "/a", "..", "a/../b", "./a", "a//b", "a/.", "a\0b"])("%j is no path of a walk", (path) => {
  expect(() => assertFollows(START, { path, kind: "file" })).toThrow(/clean relative path/);
});

test.each(["...", ".a", "a..b", "..a/b.", "a\\b"])("%j is one", (path) => {
  const parent = path.split("/")[0] ?? "";
  const place = path.includes("/") ? walk(`${parent}/`) : START;
  expect(assertFollows(place, { path, kind: "file" }).path).toBe(path);
});
