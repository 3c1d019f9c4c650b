/** A project name: it starts container, network and volume names, and repositories of images. */
const PROJECT_NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

/** True for what can be a project's name. */
export function isProjectName(text: string): boolean {
  return PROJECT_NAME.test(text) && !/___|_-|-_/.test(text);
}

/** The name that a text suggests: its letters in lower case and digits, with single `-` or `_` between them; empty when nothing is left. */
export function projectSlug(text: string): string {
  const plain = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const slug = plain
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/[_-]*-[_-]*/g, "-")
    .replace(/_+/g, "_");
  return slug
    .replace(/^[_-]+/, "")
    .slice(0, 63)
    .replace(/[_-]+$/, "");
}
