import { relative } from "node:path";
import { checkImage, type CheckedDockerfile } from "../execute/check-image.ts";
import { type Dockerfiles, readDockerfiles, type ReadDockerfile } from "../gather/dockerfiles.ts";
import { plainRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import { Semaphore } from "../std/semaphore.ts";
import { type CheckFinding, formatCheck } from "../ui/check-view.ts";
import { stdoutStyle } from "./report.ts";
import type { Session } from "./session.ts";
import { survey } from "./world.ts";

/** Checks that run at once: they are short, and the engine parses each Dockerfile in one go. */
const AT_ONCE = 4;

/**
 * `dock build --check`: shows what the builder's linter says of the images' Dockerfiles and gives the exit code, 1 where
 * it found something. Builds nothing; an image whose base is not built is checked without what that sets.
 */
export async function checkImages(session: Session, project: Project, keys: readonly string[]): Promise<number> {
  const files = await readDockerfiles(project, keys);
  const built = await builtImages(session, project, { keys, files });
  const places = new Semaphore(AT_ONCE);
  const setting = {
    project,
    settings: { cacheDirectory: session.cacheDirectory, env: session.io.env },
    engine: session.engine(),
    built,
  };
  const reports = await Promise.allSettled(
    keys.map((key) =>
      places.run(async (): Promise<readonly CheckFinding[]> => {
        const file = files.get(key);
        if (!file) return [];
        const checked = await checkImage(file, setting, session.signal);
        for (const base of checked.unknown)
          session.renderer().emit({
            type: "notice",
            message: `image ${key} is checked without what ${base} sets, which is not built`,
          });
        return findingsOf(file, checked, session.io.cwd);
      }),
    ),
  );
  const findings = merged(
    reports.flatMap((report) => {
      if (report.status === "rejected") throw report.reason;
      return report.value;
    }),
  );
  const text = session.globals.json
    ? JSON.stringify({ images: keys, findings }, undefined, 2)
    : formatCheck(findings, keys.length, stdoutStyle(session));
  session.io.stdout.write(`${session.redactor.mask(text)}\n`);
  return findings.length === 0 ? 0 : 1;
}

/** References of the images that these start from, where they are built; the engine is asked only where there are some. */
async function builtImages(
  session: Session,
  project: Project,
  { keys, files }: { readonly keys: readonly string[]; readonly files: Dockerfiles },
): Promise<ReadonlyMap<string, string>> {
  const bases = keys.some((key) => {
    const { image, ownReferences } = files.get(key) ?? {};
    return (ownReferences?.size ?? 0) > 0 || Object.values(image?.contexts ?? {}).some(({ kind }) => kind === "image");
  });
  if (!bases) return new Map();
  const { reconciled } = await survey(session, project, { ...plainRequest("plain"), images: keys });
  return new Map([...reconciled.images].flatMap(([key, { id, ref }]) => (id === undefined ? [] : [[key, ref]])));
}

function findingsOf(file: ReadDockerfile, { findings, error }: CheckedDockerfile, cwd: string): CheckFinding[] {
  const all = [...(error ? [{ ...error, rule: "", description: "", url: "" }] : []), ...findings];
  return all.map(({ lines, rule, message, description, url }) => ({
    images: [file.image.key],
    file: place(file, cwd),
    line: lines?.first ?? 0,
    endLine: lines?.last ?? 0,
    rule,
    message,
    ...(description === "" ? {} : { description }),
    ...(url === "" ? {} : { url }),
  }));
}

/** Where an editor finds the Dockerfile. */
function place({ image, name, path }: ReadDockerfile, cwd: string): string {
  if (path !== undefined) return relative(cwd, path);
  return image.dockerfile.kind === "inline" ? `dockerfile_inline of ${image.key}` : name;
}

/** Images that share a Dockerfile make the same remarks: each once. */
function merged(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  const found = new Map<string, CheckFinding>();
  for (const finding of findings) {
    const { file, line, rule, message } = finding;
    const id = [file, line, rule, message].join("\n");
    const before = found.get(id);
    found.set(id, before ? { ...before, images: [...before.images, ...finding.images] } : finding);
  }
  return [...found.values()];
}
