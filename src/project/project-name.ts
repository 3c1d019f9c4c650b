import { basename } from "node:path";
import { quote, type Findings } from "./findings.ts";

/** A project name: it starts container, network and volume names, and repositories of images. */
const PROJECT_NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

/** True for what can be a project's name. */
function isProjectName(text: string): boolean {
  return PROJECT_NAME.test(text) && !/___|_-|-_/.test(text);
}

/** The name that a text suggests: its letters in lower case and digits, with single `-` or `_` between them; empty when nothing is left. */
function projectSlug(text: string): string {
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

/** What the project is called: as asked for, else as the file says, else after its directory. A name that can't be one is reported. */
export function projectNameOf(
  written: string | undefined,
  { projectName, directory }: { readonly projectName?: string | undefined; readonly directory: string },
  findings: Findings,
): string {
  const code = "invalid-name";
  if (projectName !== undefined) {
    const message = `${quote(projectName)} can't be the name of a project`;
    if (!isProjectName(projectName)) findings.errorAt(undefined, { code, message, hint: slugHint(projectName) });
    return projectName;
  }
  if (written !== undefined) {
    const message = `${findings.written(["name"])} can't be the name of a project`;
    const hint = findings.isInterpolated(["name"]) ? undefined : slugHint(written);
    if (!isProjectName(written)) findings.error(["name"], { code, message, hint });
    return written;
  }
  const slug = projectSlug(basename(directory));
  const message = "the directory's name makes no name for the project";
  if (slug === "") findings.errorAt(undefined, { code, message, hint: "add `name:` to the project file" });
  return slug;
}

function slugHint(text: string): string {
  const slug = projectSlug(text);
  return slug === "" ? "use lower-case letters, digits, `-` and `_`" : `did you mean ${quote(slug)}?`;
}
