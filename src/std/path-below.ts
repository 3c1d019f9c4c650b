import { sep } from "node:path";

/**
 * The path below a directory with `/` between names, "" for the directory itself, or undefined when it lies elsewhere.
 * Both must be absolute and in their shortest form.
 */
export function pathBelow(directory: string, path: string): string | undefined {
  if (path === directory) return "";
  const start = directory.endsWith(sep) ? directory : directory + sep;
  if (!path.startsWith(start)) return undefined;
  const inner = path.slice(start.length);
  return sep === "/" ? inner : inner.replaceAll(sep, "/");
}
