import { describe, expect, test } from "vitest";
import { type Claim, coverageOf } from "../../src/watch/coverage.ts";
import { pathBelow } from "../../src/std/path-below.ts";

const tree = (root: string, prunes: readonly string[] = [], leavesOut: readonly string[] = []): Claim => ({
  key: `tree ${root}`,
  root,
  what: { kind: "tree", prunes: (path) => prunes.includes(path), leavesOut: (path) => leavesOut.includes(path) },
});
const files = (root: string, ...names: readonly string[]): Claim => ({
  key: `files ${root} ${names.join(" ")}`,
  root,
  what: { kind: "files", names: new Set(names) },
});

describe("coverage", () => {
  test("a tree covers all below it but what it prunes or leaves out", () => {
    const coverage = coverageOf([tree("/p", ["/p/.git"], ["/p/a.log"])]);
    expect(coverage.roots).toEqual(["/p"]);
    expect(coverage.coversDirectory("/p/src/deep")).toBe(true);
    expect(coverage.coversDirectory("/p/.git")).toBe(false);
    expect(coverage.coversDirectory("/p/.git/objects")).toBe(false);
    expect(coverage.coversFile("/p/.git/HEAD")).toBe(false);
    expect(coverage.coversFile("/p/src/a.ts")).toBe(true);
    expect(coverage.coversFile("/p/a.log")).toBe(false);
    expect(coverage.coversFile("/q/a.ts")).toBe(false);
  });

  test("what one claim prunes another one may want", () => {
    const coverage = coverageOf([tree("/p", ["/p/dist"]), tree("/p/dist/public")]);
    expect(coverage.coversDirectory("/p/dist")).toBe(false);
    expect(coverage.coversFile("/p/dist/public/a.css")).toBe(true);
    expect(coverage.roots).toEqual(["/p", "/p/dist/public"]);
  });

  test("files that are named are covered without anything beside or below them", () => {
    const coverage = coverageOf([files("/p", "dock.yaml", ".env"), tree("/p/src")]);
    expect(coverage.coversFile("/p/dock.yaml")).toBe(true);
    expect(coverage.coversFile("/p/other.yaml")).toBe(false);
    expect(coverage.coversDirectory("/p/docs")).toBe(false);
    expect(coverage.coversFile("/p/src/a.ts")).toBe(true);
    expect(coverage.roots).toEqual(["/p"]);
  });

  test("a root that another claim reaches is no root", () => {
    expect(coverageOf([tree("/p"), tree("/p/src"), tree("/q")]).roots).toEqual(["/p", "/q"]);
  });

  test("editors' temporary files are not covered, files that are named are", () => {
    const coverage = coverageOf([tree("/p"), files("/p", "env~")]);
    for (const name of ["4913", "a.ts~", ".a.ts.swp", ".#a.ts", "#a.ts#", "a.ts___jb_tmp___", ".goutputstream-X1"]) {
      expect(coverage.coversFile(`/p/${name}`), name).toBe(false);
    }
    expect(coverage.coversFile("/p/env~")).toBe(true);
    expect(coverage.coversFile("/p/4913.ts")).toBe(true);
  });
});

test("a path below a directory is relative to it, elsewhere there is none", () => {
  expect(pathBelow("/p", "/p/a/b")).toBe("a/b");
  expect(pathBelow("/p", "/p")).toBe("");
  expect(pathBelow("/p", "/pq/a")).toBeUndefined();
  expect(pathBelow("/p", "/p/..a")).toBe("..a");
  expect(pathBelow("/", "/p")).toBe("p");
});
