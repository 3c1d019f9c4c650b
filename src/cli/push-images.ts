import { credentialsFor } from "../engine/auth.ts";
import { registryHost } from "../engine/image-ref.ts";
import { DockError } from "../error.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";

/** Throws when an image has no tag that could be pushed: one without a namespace means an official image of Docker Hub. */
export function requirePushable(project: Project, keys: readonly string[]): void {
  const without = keys.filter((key) => !(project.images[key]?.tags ?? []).some(isPushable));
  if (without.length === 0) return;
  throw new DockError("usage", `image ${without.join(", ")} has no tag that names a registry or a user of one`, {
    hint: 'give it one under "tags:", such as registry.example:5000/app:1 or NAME/app:1',
  });
}

/** Pushes every tag of the images that names a registry, one after the other, with the credentials of that registry only. */
export async function pushImages(
  session: Session,
  project: Project,
  keys: readonly string[],
): Promise<readonly { readonly ref: string; readonly digest?: string }[]> {
  const renderer = session.renderer();
  const pushed: { ref: string; digest?: string }[] = [];
  for (const ref of keys.flatMap((key) => (project.images[key]?.tags ?? []).filter(isPushable))) {
    const credentials = await credentialsFor(registryHost(ref), session.io.env);
    const digest = await session.engine().pushImage(
      ref,
      {
        ...(credentials === undefined ? {} : { credentials }),
        onProgress: ({ layer, status }) =>
          renderer.emit({ type: "pull-progress", ref, what: layer === "" ? status : `${layer} ${status}` }),
      },
      session.signal,
    );
    pushed.push({ ref, ...(digest === undefined ? {} : { digest }) });
    renderer.emit({ type: "notice", message: `pushed ${ref}${digest === undefined ? "" : ` (${digest})`}` });
  }
  return pushed;
}

function isPushable(ref: string): boolean {
  return ref.includes("/");
}
