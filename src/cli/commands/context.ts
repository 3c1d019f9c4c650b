import { listContext } from "../../context/list-context.ts";
import { loadIgnore } from "../../context/load-ignore.ts";
import { looksSecret } from "../../context/secret-file.ts";
import { DockError } from "../../error.ts";
import { readDockerfiles } from "../../gather/dockerfiles.ts";
import { formatContext, ignoreSavings } from "../../ui/context-view.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { loadProject } from "../load-project.ts";
import { requireKnown } from "../named.ts";
import { stdoutStyle } from "../report.ts";

/** `dock context`: the files that a `COPY . /` of the image's build would bring along. */
export const context: CommandDefinition = {
  usage: "IMAGE",
  printsDocument: true,
  configure: (command) => {
    command.argument("<image>", "image of the project");
  },
  run: async ({ session, args }: Invocation) => {
    const [key = ""] = args;
    const project = await loadProject(session);
    try {
      requireKnown(key, project.images, "image");
    } catch (error) {
      if (!(error instanceof DockError)) throw error;
      const docker = `to switch the docker command's engine, use "docker context ${key}"`;
      throw new DockError("usage", error.message, {
        hint: error.hint === undefined ? docker : `${error.hint}; ${docker}`,
      });
    }
    const image = project.images[key];
    if (image?.context.kind !== "directory") {
      throw new DockError("usage", `the context of image ${key} is a URL, which only the builder can list`);
    }
    const root = image.context.path;
    const file = (await readDockerfiles(project, [key])).get(key);
    const { files, sockets } = await listContext(root, loadIgnore(root, file?.path).patterns, session.signal);
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
    const suspects = files.map(({ path }) => path).filter((path) => looksSecret(path));
    const { stdout, stderr } = session.io;
    if (session.globals.json) {
      const savings = ignoreSavings(files);
      stdout.write(`${JSON.stringify({ image: key, root, files, totalBytes, suspects, savings }, undefined, 2)}\n`);
      return 0;
    }
    stdout.write(`${formatContext({ image: key, root, suspects }, files, stdoutStyle(session))}\n`);
    for (const socket of sockets) stderr.write(`${socket} is a socket and is left out\n`);
    return 0;
  },
};
