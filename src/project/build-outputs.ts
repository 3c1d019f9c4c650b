import type { Image as FileImage } from "./file.gen.ts";
import type { BuildOutput } from "./image-model.ts";
import { hostPath, items, type Place } from "./place.ts";

type ImageMap = Exclude<FileImage, string>;

/** What is written beside the engine's own image. */
const KINDS = ["local", "tar", "oci"] as const;

/** Entries of `output`; `image` is what the engine always gets, and no entry. Those that can't be read are reported. */
export function normalizeOutputs(given: ImageMap["output"], place: Place): BuildOutput[] {
  const list = Array.isArray(given) ? items(given, place) : given === undefined ? [] : [[given, place] as const];
  const found: BuildOutput[] = [];
  for (const [output, at] of list) {
    const read =
      typeof output === "string"
        ? readOutput(output, (path) => hostPath(path, at))
        : fromParts(output, (path) => hostPath(path, at));
    if (typeof read === "string")
      (typeof output === "string" ? at : at.at("type")).invalid(
        read,
        "write it as `type=local,dest=./out`, with `local`, `tar` or `oci`",
      );
    else if (read && found.some(({ dest }) => dest === read.dest))
      at.error({ code: "duplicate-output", message: "another output has the same `dest`" });
    else if (read) found.push(read);
  }
  return found;
}

/**
 * An output from its text: a kind, `type=KIND,dest=PATH`, or a path, which is a directory. Undefined for the engine's own
 * image; what is wrong as a string.
 */
export function readOutput(text: string, absolute: (path: string) => string): BuildOutput | string | undefined {
  if (text === "image" || (KINDS as readonly string[]).includes(text)) return fromParts({ type: text }, absolute);
  if (!text.includes("=")) return "is no output";
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at <= 0) return "is no list of key=value";
    fields.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const dest = fields.get("dest");
  // The key isn't named: it may be what a variable holds.
  if ([...fields.keys()].some((key) => key !== "type" && key !== "dest")) return "has more than a `type` and a `dest`";
  return fromParts({ type: fields.get("type") ?? "", ...(dest === undefined ? {} : { dest }) }, absolute);
}

function fromParts(
  { type, dest }: { readonly type: string; readonly dest?: string },
  absolute: (path: string) => string,
): BuildOutput | string | undefined {
  if (type === "image") return dest === undefined ? undefined : "has a `dest`: an image goes to the engine";
  const kind = KINDS.find((one) => one === type);
  if (!kind) return "is no output";
  if (dest === undefined || dest === "" || dest === "-") return "needs a `dest` to be written to";
  return { kind, dest: absolute(dest) };
}
