/** One request that a fake engine or a proxy saw. */
export interface LoggedRequest {
  readonly method: string;
  /** Without version and query: `/containers/create`. */
  readonly path: string;
  /** The query as it was sent. */
  readonly query: string;
  /** Whether the request may change something on an engine. */
  readonly mutating: boolean;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
}

/** Method, path without version, query and whether it changes something, from a request line. */
export function readRequestLine(method: string, url: string): Omit<LoggedRequest, "status"> {
  const [path = "", query = ""] = url.split("?", 2);
  const bare = path.replace(/^\/v\d+\.\d+(?=\/)/, "");
  return { method, path: bare, query, mutating: isMutating(method, bare) };
}

const READING_POSTS = [/^\/containers\/[^/]+\/wait$/, /^\/(containers|exec)\/[^/]+\/resize$/, /^\/auth$/];

function isMutating(method: string, path: string): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return !READING_POSTS.some((pattern) => pattern.test(path));
}
