/** The shortest path that names the same place, as Go's `filepath.Clean` writes it: "." for nothing, ".." kept only in front of a relative path. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (!rooted) names.push(name);
  }
  const joined = names.join("/");
  if (rooted) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** A path inside the build context as BuildKit takes it: relative to the root, which no ".." leaves; "" is the root. */
export function contextPath(path: string): string {
  return cleanPath(`/${path}`).slice(1);
}

/** True for `directory` itself and what lies below it; both are clean, and "" or "/" contains everything. */
export function isWithin(directory: string, path: string): boolean {
  if (directory === "" || directory === "/") return true;
  return path === directory || path.startsWith(`${directory}/`);
}

/** `base` with `relative` below it; `relative` may be empty. */
export function below(base: string, relative: string): string {
  if (relative === "") return base;
  return base === "" || base.endsWith("/") ? base + relative : `${base}/${relative}`;
}
