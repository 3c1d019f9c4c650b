/** The parts of an image reference. */
export interface ImageReference {
  /** With the registry, where one is written. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
const REGISTRY = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d+)?$/;

/** Reads an image reference as Docker does, or undefined when it is none. */
export function parseImageReference(text: string): ImageReference | undefined {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const colon = name.lastIndexOf(":");
  const tagged = colon > name.lastIndexOf("/");
  const repository = tagged ? name.slice(0, colon) : name;
  const tag = tagged ? name.slice(colon + 1) : undefined;
  if (!isRepository(repository) || (tag !== undefined && !TAG.test(tag))) return undefined;
  if (digest !== undefined && !DIGEST.test(digest)) return undefined;
  return { repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function isRepository(text: string): boolean {
  if (text.length > 255) return false;
  const [first = "", ...rest] = text.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  if (hasRegistry && !REGISTRY.test(first)) return false;
  return (hasRegistry ? rest : [first, ...rest]).every((component) => COMPONENT.test(component));
}

/** The reference with the tag that Docker adds, `latest`, when it has neither tag nor digest. */
export function withTag(reference: ImageReference): string {
  const { repository, tag, digest } = reference;
  if (digest !== undefined) return `${repository}${tag === undefined ? "" : `:${tag}`}@${digest}`;
  return `${repository}:${tag ?? "latest"}`;
}

/** What would make the text a reference, where that can be said. */
export function referenceHint(text: string): string | undefined {
  const lower = text.toLowerCase();
  return text !== lower && parseImageReference(lower) ? "the names of repositories are lower-case" : undefined;
}
