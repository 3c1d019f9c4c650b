import { readIgnoreFile } from "../../src/context/ignore.ts";
import type { Tree } from "../support/random-tree.ts";

/**
 * The paths of a tree that an ignore file leaves, worked out the slow way: every pattern as a regular expression of
 * JavaScript, every directory visited, the rules of moby/patternmatcher spelled out.
 */
export function visiblePaths(tree: Tree, ignoreLines: readonly string[]): ReadonlySet<string> {
  const patterns = readIgnoreFile(ignoreLines.join("\n")).map((pattern) => {
    const exception = pattern.startsWith("!");
    return { exception, expression: expression(exception ? pattern.slice(1) : pattern) };
  });
  const visible = new Set<string>();
  const visit = (directory: string, parentHits: readonly boolean[]): boolean => {
    let any = false;
    for (const [path, node] of tree) {
      if (directoryOf(path) !== directory) continue;
      let ignored = false;
      const hits = patterns.map(({ exception, expression: pattern }, index) => {
        const inherited = parentHits[index] === true;
        const asked = exception === ignored;
        const hit = inherited || (asked && pattern.test(path));
        if (hit) ignored = !exception;
        return hit;
      });
      const below = node.kind === "directory" && visit(path, hits);
      if (ignored && !below) continue;
      visible.add(path);
      any = true;
    }
    return any;
  };
  visit("", []);
  return visible;
}

function directoryOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function expression(pattern: string): RegExp {
  const names = pattern.split("/");
  const source = names.map((name, index) => {
    const last = index === names.length - 1;
    if (name === "**") return last ? ".*" : "(.*/)?";
    return nameExpression(name) + (last ? "" : "/");
  });
  return new RegExp(`^${source.join("")}$`, "su");
}

function nameExpression(name: string): string {
  return name.replaceAll(/\\(.)|(\*)|(\?)|(\[[^\]]*\])|(.)/gsu, (_, escaped, star, mark, group, plain) => {
    if (star) return "[^/]*";
    if (mark) return "[^/]";
    return (
      group ??
      (escaped ?? plain).replace(
        /[^\p{L}\p{N}\p{S}]|[$^+|]/u,
        (odd: string) => `\\u{${odd.codePointAt(0)?.toString(16)}}`,
      )
    );
  });
}
