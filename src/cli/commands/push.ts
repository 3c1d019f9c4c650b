import { DockError } from "../../error.ts";
import { plainRequest } from "../../plan/request.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { converge } from "../converge.ts";
import { loadProject } from "../load-project.ts";
import { imageNames } from "../named.ts";
import { pushImages, requirePushable } from "../push-images.ts";
import { jsonResult } from "../report.ts";

/** `dock push`: builds what changed, so that nothing stale is pushed, then pushes the tags that name a registry. */
export const push: CommandDefinition = {
  usage: "[IMAGE...]",
  configure: (command) => {
    command.argument("[images...]", "images to push (default: those with a tag that names a registry)");
  },
  run: async ({ session, args }: Invocation) => {
    const project = await loadProject(session);
    const named = imageNames(project, args);
    const keys = named.length > 0 ? named : pushable(Object.entries(project.images));
    requirePushable(project, keys);
    await converge(session, { project, request: { ...plainRequest("plain"), images: keys } });
    jsonResult(session, { ok: true, pushed: await pushImages(session, project, keys) });
    return 0;
  },
};

function pushable(images: readonly (readonly [string, { readonly tags: readonly string[] }])[]): readonly string[] {
  const keys = images.filter(([, { tags }]) => tags.some((tag) => tag.includes("/"))).map(([key]) => key);
  if (keys.length > 0) return keys.sort();
  throw new DockError("usage", "no image has a tag that names a registry or a user of one", {
    hint: 'give images such tags under "tags:": registry.example:5000/app:1 or NAME/app:1',
  });
}
