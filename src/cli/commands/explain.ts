import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { DockError } from "../../error.ts";
import { readDockerfiles } from "../../gather/dockerfiles.ts";
import { traceImage } from "../../gather/image-trace.ts";
import { plainRequest } from "../../plan/request.ts";
import { selectServices } from "../../plan/wanted.ts";
import { pathBelow } from "../../std/path-below.ts";
import { formatExplain } from "../../ui/explain-view.ts";
import { explain as explainPath } from "../../watch/explain.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { stdoutStyle } from "../report.ts";
import { survey } from "../world.ts";

/** `dock explain`: what saving a path would do, and which rule, mount, image step or ignore line says so. Touches nothing. */
export const explain: CommandDefinition = {
  usage: "PATH",
  printsDocument: true,
  configure: (command) => {
    command
      .argument("<path>", "a file, which need not be there yet")
      .option("--no-dev", "leave out the services' dev sections");
  },
  run: async ({ session, args, options }: Invocation) => {
    const [given = ""] = args;
    const mode = (options as { readonly dev?: boolean }).dev === false ? "plain" : "dev";
    const project = await loadProject(session);
    const path = placeOf(resolve(session.io.cwd, given), project.directory);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) {
      throw new DockError("usage", `${given} is a directory: only saved files do something`, {
        hint: `name a file in it, there or not: dock explain ${given.replace(/\/+$/, "")}/new.txt`,
      });
    }
    const { inputs, observed } = await survey(session, project, plainRequest(mode));
    const images = Object.keys(inputs.images);
    const gathering = {
      dockerfiles: await readDockerfiles(project, Object.keys(project.images)),
      mode,
      observed,
      cacheDirectory: session.cacheDirectory,
      signal: session.signal,
    } as const;
    const traces = await Promise.all(images.map((image) => traceImage(project, { image, path }, gathering)));
    const explanation = explainPath(
      { path, exists: stats !== undefined, traces: traces.filter((trace) => trace !== undefined) },
      {
        project,
        mode,
        services: selectServices(project, undefined, false),
        images: new Set(images),
        applied: inputs,
        files: project.files,
        behind: false,
      },
    );
    const { stdout } = session.io;
    stdout.write(
      session.globals.json
        ? `${JSON.stringify(explanation, undefined, 2)}\n`
        : `${formatExplain(explanation, stdoutStyle(session))}\n`,
    );
    return 0;
  },
};

/** The path as the project has it, where a link leads to the project's directory. */
function placeOf(path: string, directory: string): string {
  if (pathBelow(directory, path) !== undefined) return path;
  try {
    const parent = realpathSync(dirname(path));
    const real = realpathSync(directory);
    if (parent === real) return resolve(directory, basename(path));
    if (parent.startsWith(`${real}/`)) return resolve(directory, parent.slice(real.length + 1), basename(path));
  } catch (error) {
    // Its directory is not there yet.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  return path;
}
