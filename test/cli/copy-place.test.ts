import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type CopyEnd,
  copyPlace,
  copyTarget,
  meansContents,
  meansDirectory,
  trimmed,
} from "../../src/cli/copy-place.ts";

describe("a side of a copy", () => {
  test.each([
    ["web:/etc/hosts", { kind: "service", service: "web", path: "/etc/hosts" }],
    ["web:etc", { kind: "service", service: "web", path: "/etc" }],
    ["web:", { kind: "service", service: "web", path: "/" }],
    ["web:/a:b", { kind: "service", service: "web", path: "/a:b" }],
    ["-", { kind: "tar" }],
    ["file", { kind: "local", path: "file" }],
    ["./a:b", { kind: "local", path: "./a:b" }],
    ["/a:b", { kind: "local", path: "/a:b" }],
    ["../a:b", { kind: "local", path: "../a:b" }],
    [":/etc", { kind: "local", path: ":/etc" }],
  ])("%s", (text, place) => {
    expect(copyPlace(text)).toEqual(place);
  });

  test("says at its end that it is a directory, or what is in one", () => {
    expect(["/a", "/a/", "/a/.", ".", "/a.", "/"].map(meansDirectory)).toEqual([false, true, true, true, false, true]);
    expect(["/a", "/a/", "/a/.", ".", "/a.", "/"].map(meansContents)).toEqual([false, false, true, true, false, false]);
    expect(["/a", "/a/", "/a/.", "/a/./", ".", "./", "/", "/."].map(trimmed)).toEqual([
      "/a",
      "/a",
      "/a",
      "/a",
      ".",
      ".",
      "/",
      "/",
    ]);
  });
});

describe("where a copy goes", () => {
  const file = { name: "src", kind: "file", contents: false } as const;
  const directory = { name: "src", kind: "directory", contents: false } as const;
  const contents = { ...directory, contents: true };
  const end = (kind: CopyEnd["kind"], saidDirectory = false): CopyEnd => ({ path: "/to/dst", kind, saidDirectory });
  const target = (source: Parameters<typeof copyTarget>[0], to: CopyEnd): string => {
    const { directory: into, name } = copyTarget(source, to, posix);
    return name === undefined ? `${into}/*` : `${into}/${name}`;
  };

  test("into a directory that is there", () => {
    expect(target(file, end("directory"))).toBe("/to/dst/src");
    expect(target(directory, end("directory", true))).toBe("/to/dst/src");
    expect(target(contents, end("directory"))).toBe("/to/dst/*");
  });

  test("over a file, or under a new name", () => {
    expect(target(file, end("file"))).toBe("/to/dst");
    expect(target(file, end("missing"))).toBe("/to/dst");
    expect(target(directory, end("missing", true))).toBe("/to/dst");
    expect(target(contents, end("missing"))).toBe("/to/dst");
  });

  test("nowhere, where it can't", () => {
    expect(() => target(directory, end("file"))).toThrow("/to/dst is a file");
    expect(() => target(file, end("missing", true))).toThrow("is not there");
    expect(() => target(file, end("file", true))).toThrow("is no directory");
  });
});
