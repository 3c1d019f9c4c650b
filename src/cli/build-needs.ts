import { hasErrors } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { checkBuildSecrets } from "../gather/build-secrets.ts";
import { needsContainerdStore, unmetBuildNeeds } from "../plan/build-needs.ts";
import { worthHiding } from "../project/hidden-values.ts";
import type { Image } from "../project/image-model.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/**
 * Throws before anything is touched when an image that is to be built asks for what this engine's builder can't do, or
 * for a secret or an agent that is not there. From here on the secrets are kept out of what this run says.
 */
export async function requireBuildable(session: Session, { project, observed, reconciled }: World): Promise<void> {
  const images = reconciled.plan.actions.flatMap(({ operation }): readonly Image[] => {
    const image = operation.kind === "image.build" ? project.images[operation.image] : undefined;
    return image ? [image] : [];
  });
  if (images.length === 0) return;
  const containerdStore = images.some(needsContainerdStore)
    ? (await session.engine().imageStore(session.signal)) === "containerd"
    : false;
  const { apiVersion, version } = observed.engine;
  for (const image of images) refuse(image, { apiVersion, version, containerdStore });
  const { diagnostics, texts } = await checkBuildSecrets(project, images, session.io.env);
  session.redactor.learn(worthHiding(texts, project));
  if (hasErrors(diagnostics))
    throw new DockError("invalid-project", "builds lack what they are to be given; nothing was touched", {
      diagnostics,
    });
}

function refuse(image: Image, engine: Parameters<typeof unmetBuildNeeds>[1]): void {
  const [first, ...others] = unmetBuildNeeds(image, engine);
  if (!first) return;
  const asked = [first, ...others].map(({ what }) => what).join(", ");
  const which = engine.version === undefined ? "this engine" : `Engine ${engine.version}`;
  const store = engine.containerdStore ? "" : " with its classic image store";
  throw new DockError(
    "not-supported",
    `image ${image.key} asks for ${asked}, which the builder of ${which}${store} does not have; nothing was touched`,
    { hint: [...new Set([first, ...others].map(({ hint }) => hint))].join("; ") },
  );
}
