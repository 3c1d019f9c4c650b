/** An image reference as people write it: without Docker Hub's host, its `library/`, and a tag of `latest`. */
export function familiarName(ref: string): string {
  return ref
    .replace(/^(?:index\.)?docker\.io\//, "")
    .replace(/^library\/(?=[^/]+$)/, "")
    .replace(/:latest$/, "");
}
