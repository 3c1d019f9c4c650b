import type { Call } from "./call.ts";
import { DockError } from "../error.ts";
import type { ObservedImage } from "../plan/observed.ts";
import { readEnvironment } from "./container-detail.ts";
import type { HistoryStep, ImageCalls, ImageDetail } from "./image-calls.ts";
import { splitRef } from "./image-ref.ts";
import { pullImage } from "./pull.ts";
import { pushImage } from "./push.ts";
import { route } from "./route.ts";
import {
  asAnswerList,
  asNumber,
  asObject,
  asOptionalObject,
  asOptionalText,
  asText,
  asTexts,
  type JsonObject,
} from "./shape.ts";
import type { Transport } from "./transport.ts";

/** The calls about images, over a transport. */
export function imageCalls(transport: Transport): ImageCalls {
  const { deadlines } = transport;
  const inspectImage: ImageCalls["inspectImage"] = async (ref, signal) => {
    const what = `inspect image "${ref}"`;
    const call: Call = { what, method: "GET", path: route`/images/${ref}/json`, deadlineMs: deadlines.answer };
    return transport.jsonUnless404(call, readImageDetail, signal);
  };
  return {
    inspectImage,
    listImages: async (signal) => {
      const call: Call = { what: "list images", method: "GET", path: "/images/json", deadlineMs: deadlines.answer };
      return transport.json(call, (value) => asAnswerList(value, "list").map(readImage), signal);
    },
    imageHistory: async (ref, signal) => {
      const what = `read the history of image "${ref}"`;
      const call: Call = { what, method: "GET", path: route`/images/${ref}/history`, deadlineMs: deadlines.answer };
      return transport.json(call, (value) => asAnswerList(value, "list").map(readHistoryStep), signal);
    },
    tagImage: async (image, ref, signal) => {
      const { name, tag } = splitRef(ref);
      const what = `tag image "${image}" as "${ref}"`;
      const query = { repo: name, tag };
      await transport.answer(
        { what, method: "POST", path: route`/images/${image}/tag`, query, deadlineMs: deadlines.change },
        signal,
      );
    },
    removeImage: async (ref, signal) => {
      const what = `remove image "${ref}"`;
      await transport.answer(
        { what, method: "DELETE", path: route`/images/${ref}`, accept: [404], deadlineMs: deadlines.change },
        signal,
      );
    },
    buildClassic: async (request, run) => {
      // Few engines need it: the others don't load what packs tars.
      const { classicBuild } = await import("./classic-build.ts");
      return classicBuild(transport, request, run);
    },
    pushImage: async (ref, options, signal) => pushImage(transport, { ref, ...options }, signal),
    pullImage: async (ref, options, signal) => {
      await pullImage(transport, { ref, ...options }, signal);
      if ((await inspectImage(ref, signal)) !== undefined) return;
      throw new DockError(
        "engine-broken",
        `the engine ended the pull of "${ref}" without an error and does not have the image`,
        {
          hint: "dock can be run again; the engine's own log may say more",
        },
      );
    },
  };
}

function readImage(value: unknown): ObservedImage {
  const image = asObject(value, "image");
  return { id: asText(image["Id"], "image.Id"), ...readNames(image) };
}

/** Engines before 25 print `<none>:<none>` for an image without a name. */
function readNames(image: JsonObject): Pick<ObservedImage, "tags" | "digests"> {
  const named = (refs: readonly string[]): readonly string[] => refs.filter((ref) => !ref.includes("<none>"));
  return {
    tags: named(asTexts(image["RepoTags"], "image.RepoTags")),
    digests: named(asTexts(image["RepoDigests"], "image.RepoDigests")),
  };
}

function readImageDetail(value: unknown): ImageDetail {
  const image = asObject(value, "image");
  const config = asOptionalObject(image["Config"], "image.Config");
  const metadata = asOptionalObject(image["Metadata"], "image.Metadata");
  const tagged = Date.parse(asOptionalText(metadata["LastTagTime"], "image.Metadata.LastTagTime"));
  const variant = asOptionalText(image["Variant"], "image.Variant");
  const platform = [asText(image["Os"], "image.Os"), asText(image["Architecture"], "image.Architecture"), variant];
  const health = asTexts(
    asOptionalObject(config["Healthcheck"], "image.Config.Healthcheck")["Test"],
    "Healthcheck.Test",
  );
  return {
    id: asText(image["Id"], "image.Id"),
    ...readNames(image),
    // Go's zero time stands for an image that was never tagged here.
    ...(tagged > 0 ? { lastTagged: tagged / 1000 } : {}),
    platform: platform.filter((part) => part !== "").join("/"),
    size: asNumber(image["Size"], "image.Size"),
    user: asOptionalText(config["User"], "image.Config.User"),
    exposedPorts: Object.keys(asOptionalObject(config["ExposedPorts"], "image.Config.ExposedPorts")),
    layers: asTexts(asOptionalObject(image["RootFS"], "image.RootFS")["Layers"], "image.RootFS.Layers"),
    healthcheck: health.length > 0 && health[0] !== "NONE",
    config: {
      workingDir: asOptionalText(config["WorkingDir"], "image.Config.WorkingDir"),
      volumes: Object.keys(asOptionalObject(config["Volumes"], "image.Config.Volumes")),
      onBuild: asTexts(config["OnBuild"], "image.Config.OnBuild"),
      environment: readEnvironment(config["Env"]),
    },
  };
}

function readHistoryStep(value: unknown): HistoryStep {
  const step = asObject(value, "step");
  const id = asOptionalText(step["Id"], "step.Id");
  return {
    ...(id === "" || id === "<missing>" ? {} : { id }),
    created: asNumber(step["Created"], "step.Created"),
    createdBy: asOptionalText(step["CreatedBy"], "step.CreatedBy"),
    size: asNumber(step["Size"], "step.Size"),
    tags: asTexts(step["Tags"], "step.Tags"),
    comment: asOptionalText(step["Comment"], "step.Comment"),
  };
}
