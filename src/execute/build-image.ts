import { ContextChanged } from "../context/send.ts";
import { DockError } from "../error.ts";
import type { Hijack } from "../engine/buildkit/builder.ts";
import type { BuildEvent } from "../engine/buildkit/build-event.ts";
import { gatherImage } from "../gather/image-inputs.ts";
import { readDockerfiles } from "../gather/dockerfiles.ts";
import { writeRecord } from "../gather/records.ts";
import { changedKeys } from "../plan/image-reasons.ts";
import { type ImageDigests, imageOrder, inputDigests, inputTag } from "../plan/input-digest.ts";
import type { ImageInputs, Inputs } from "../plan/inputs.ts";
import type { Operation } from "../plan/operation.ts";
import type { Reason } from "../plan/reason.ts";
import { buildClassic, isWithoutBuildKit } from "./build-classic.ts";
import { buildRequest } from "./build-request.ts";
import type { Execution } from "./execution.ts";
import { FirstRun } from "./first-run.ts";
import { InputsAfter } from "./inputs-after.ts";
import { keepCaches } from "./local-caches.ts";
import { directorySink, fileSink } from "./output-sink.ts";
import { resultIsReckonedWith } from "./dev-result.ts";

/** How often inputs that change during the build are built again. */
const ATTEMPTS = 3;

/**
 * Builds an image until its inputs are the same after the build as before it (three times at most), then puts on the
 * input tags that are true of them and the declared tags. Nothing is tagged when the build fails.
 */
export async function buildUntilStable(
  operation: Operation<"image.build">,
  execution: Execution,
  signal: AbortSignal,
): Promise<string> {
  const key = operation.image;
  const first = new FirstRun();
  let inputs = requireInputs(execution.inputs, key);
  for (let attempt = 1; ; attempt += 1) {
    const reading = new InputsAfter(() => gatherAgain(execution, key, signal));
    const built = await builtOf(buildOnce(operation, { execution, first, reading }, signal));
    const after = await reading.result();
    const changed = "changed" in built ? [built.changed] : differingFiles(inputs, after);
    if ("id" in built && changed.length === 0) {
      const { id } = built;
      const note = await finish(operation, { execution, inputs, id }, signal);
      return [note, first.describe(reasonsOf(operation, execution))].filter((part) => part !== undefined).join("; ");
    }
    if (attempt === ATTEMPTS) {
      throw new DockError(
        "build-failed",
        `the inputs of image ${key} keep changing while it is built: ${changed.slice(0, 5).join(", ")}`,
        {
          hint: "does something write into the build context? Leave it out with .dockerignore",
        },
      );
    }
    execution.emit({
      type: "notice",
      message: `image ${key}: ${changed.slice(0, 3).join(", ")} changed during the build; building again`,
    });
    inputs = after;
  }
}

/** The image's id, or the file that was another one when the builder asked for it. */
async function builtOf(build: Promise<string>): Promise<{ readonly id: string } | { readonly changed: string }> {
  try {
    return { id: await build };
  } catch (error) {
    if (error instanceof ContextChanged) return { changed: error.path };
    throw error;
  }
}

function reasonsOf(operation: Operation<"image.build">, { reconciled }: Execution): readonly Reason[] {
  return reconciled.plan.actions.find((action) => action.operation === operation)?.reasons ?? [];
}

async function buildOnce(
  operation: Operation<"image.build">,
  {
    execution,
    first,
    reading,
  }: { readonly execution: Execution; readonly first: FirstRun; readonly reading: InputsAfter<ImageInputs> },
  signal: AbortSignal,
): Promise<string> {
  const { build } = await import("../engine/buildkit/builder.ts");
  const request = await buildRequest(operation, execution, signal);
  const hijack: Hijack = (path, headers, abort) => execution.engine.hijack(path, headers, abort);
  const emit = (event: BuildEvent): void => {
    if (event.type === "step" && event.state === "failed") reading.close();
    if (event.type === "over") reading.begin();
    first.take(event);
    forward(event, operation.image, execution);
  };
  const run = { emit, signal };
  const way = (name: string): void =>
    emit({ type: "step", id: "way", name: `[internal] built by ${name}`, state: "done", durationMs: 0 });
  const image = execution.project.images[operation.image];
  if (!image) throw new Error(`no image ${operation.image}`);
  let imageId: string;
  try {
    const { product } = await execution.engine.greeting(signal);
    if (product !== "docker") throw new DockError("not-supported", "this engine is Podman", { status: 404 });
    const built = await build(hijack, request, run);
    await keepCaches(image, built.cacheManifest);
    imageId = built.imageId;
    way("BuildKit, over /session and /grpc");
  } catch (error) {
    await reading.drop();
    if (!isWithoutBuildKit(error)) throw error;
    // This one has what is packed looked at right before: a file's size stands in front of it.
    const { digests: _, ...plain } = execution;
    imageId = await buildClassic(image, await buildRequest(operation, plain, signal), { execution, ...run });
    way("the older builder, with the whole context over /build");
  }
  if (operation.outputs) {
    for (const { kind, dest } of image.outputs) {
      const sink = kind === "local" ? directorySink(dest) : fileSink(dest);
      // All of it is cached by now, so that it is one build whatever comes out of it.
      const again = { ...request, noCache: false, noCacheStages: [], pull: false, cacheTo: [], output: { kind, sink } };
      try {
        await build(hijack, again, run);
      } catch (error) {
        await reading.drop();
        throw error;
      } finally {
        await sink.abandon();
      }
    }
  }
  return imageId;
}

/** Tags what was built and keeps the record of what it was made of. */
async function finish(
  operation: Operation<"image.build">,
  of: { readonly execution: Execution; readonly inputs: ImageInputs; readonly id: string },
  signal: AbortSignal,
): Promise<string> {
  const { execution, inputs, id } = of;
  const { engine, project } = execution;
  const key = operation.image;
  const digests = digestsOf(execution, inputs);
  const dev =
    digests.dev !== undefined &&
    execution.reconciled.images.get(key)?.digests.dev !== undefined &&
    (await resultIsReckonedWith(execution, { key, id }, signal));
  const wanted =
    dev && digests.dev
      ? [digests.dev, { digest: digests.full, record: digests.record }]
      : [{ digest: digests.full, record: digests.record }];
  for (const { digest } of wanted) await engine.tagImage(id, inputTag(project.name, key, digest), signal);
  for (const tag of operation.tags) await engine.tagImage(id, tag, signal);
  const cache = execution.settings.cacheDirectory;
  for (const { digest, record } of wanted)
    await writeRecord(cache, { project: project.name, image: key, digest }, record);
  const [first] = wanted;
  if (first)
    execution.made.images.set(key, { id, ref: inputTag(project.name, key, first.digest), digest: first.digest });
  const before = execution.reconciled.images.get(key)?.id;
  return before === id ? "cached, the same image" : operation.tags.join(", ");
}

function digestsOf(execution: Execution, inputs: ImageInputs): ImageDigests {
  const { project, observed } = execution;
  const world = {
    inputs: { ...execution.inputs, images: { ...execution.inputs.images, [inputs.key]: inputs } },
    observed,
  };
  const digests = inputDigests(project, world, imageOrder(project, world.inputs, [inputs.key])).get(inputs.key);
  if (!digests) throw new Error(`no digest of image ${inputs.key}`);
  return digests;
}

async function gatherAgain(execution: Execution, key: string, signal: AbortSignal): Promise<ImageInputs> {
  const { project, observed, settings } = execution;
  const dockerfiles = await readDockerfiles(project, [key]);
  const mode = execution.reconciled.images.get(key)?.digests.dev === undefined ? "plain" : "dev";
  return gatherImage(project, key, {
    dockerfiles,
    mode,
    observed,
    cacheDirectory: settings.cacheDirectory,
    ...(execution.digests ? { digests: execution.digests.anew } : {}),
    signal,
  });
}

/** Paths that differ between two readings of an image's inputs; the Dockerfile goes by its name. */
function differingFiles(before: ImageInputs, after: ImageInputs): readonly string[] {
  const same = before.files.digest === after.files.digest;
  const files = same ? [] : changedKeys(before.files.files, after.files.files).map(({ path }) => path);
  return before.dockerfile === after.dockerfile ? files : ["the Dockerfile", ...files];
}

function requireInputs(inputs: Inputs, key: string): ImageInputs {
  const own = inputs.images[key];
  if (!own) throw new Error(`no inputs of image ${key}`);
  return own;
}

function forward(event: BuildEvent, image: string, { emit }: Execution): void {
  switch (event.type) {
    case "step": {
      const state = event.state === "started" ? "running" : event.state === "canceled" ? "failed" : event.state;
      emit({
        type: "build-step",
        image,
        step: event.id,
        name: event.name,
        state,
        ...(event.durationMs === undefined ? {} : { durationMs: event.durationMs }),
      });
      return;
    }
    case "log":
      emit({ type: "build-log", image, step: event.id, text: event.text });
      return;
    case "progress":
      emit({
        type: "build-progress",
        image,
        step: event.id,
        what: event.what,
        current: event.current,
        total: event.total,
      });
      return;
    case "warning":
      emit({
        type: "build-warning",
        image,
        // The builder's linter writes the line into its message, others don't.
        message: event.message.replace(/ \(line \d+\)$/, ""),
        ...(event.lines === undefined ? {} : { line: event.lines.first }),
      });
      return;
    case "over":
  }
}
