import { parseByteSize } from "../std/byte-size.ts";
import { containerPath } from "./container-path.ts";
import { bindMount, isPath, volumeMount, type Propagation } from "./mount-source.ts";
import type { Mount } from "./connection-model.ts";
import type { Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import { parseMode } from "./quantities.ts";

const PROPAGATIONS: readonly Propagation[] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];
/** Words for Docker Desktop, which engines take and ignore. */
const CONSISTENCY = ["cached", "delegated", "consistent"];

/** `[SOURCE:]TARGET[:OPTIONS]` as `docker run --volume` takes it; undefined after reporting what is wrong. */
export function shortMount(text: string, place: Place): Mount | undefined {
  const parts = text.split(":");
  const [first = "", second, optionText] = parts;
  if (parts.length > 3)
    return place.invalid("is no mount: it has more than three parts", "write `SOURCE:TARGET:OPTIONS`");
  const target = containerPath(second ?? first, place);
  const options = readOptions(optionText, place);
  if (target === undefined || !options) return undefined;
  const { readOnly, noCopy, propagation, selinux } = options;
  if (second === undefined) return { kind: "anonymous", target, readOnly, noCopy };
  if (isPath(first)) {
    if (noCopy) return place.invalid("is a bind, which can't have `nocopy`");
    return bindMount({ source: first, target, readOnly, createHostPath: false, propagation, selinux }, place);
  }
  if (first === "") return place.invalid("has no source", "leave out the `:` for an anonymous volume");
  if (propagation) return place.invalid("is a volume, which can't have a propagation");
  if (selinux) return place.invalid("is a volume, which the engine labels for SELinux itself");
  return volumeMount({ volume: first, target, readOnly, noCopy, subpath: undefined }, place);
}

interface Options {
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation: Propagation | undefined;
  readonly selinux: "z" | "Z" | undefined;
}

function readOptions(text: string | undefined, place: Place): Options | undefined {
  let readOnly = false;
  let noCopy = false;
  let propagation: Propagation | undefined;
  let selinux: "z" | "Z" | undefined;
  for (const option of text === undefined ? [] : text.split(",")) {
    const shared = PROPAGATIONS.find((name) => name === option);
    if (option === "ro" || option === "rw") readOnly = option === "ro";
    else if (option === "nocopy") noCopy = true;
    else if (shared) propagation = shared;
    else if (option === "z" || option === "Z") selinux = option;
    else if (!CONSISTENCY.includes(option))
      return place.invalid("has an unknown mount option", "use `ro`, `rw`, `nocopy`, `z`, `Z` or a propagation");
  }
  return { readOnly, noCopy, propagation, selinux };
}

/** `TARGET[:OPTIONS]` as `docker run --tmpfs` takes it. */
export function shortTmpfs(text: string, place: Place): Mount | undefined {
  const colon = text.indexOf(":");
  const target = containerPath(colon < 0 ? text : text.slice(0, colon), place);
  if (target === undefined) return undefined;
  let size: number | undefined;
  let mode: number | undefined;
  let readOnly = false;
  for (const option of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [name = "", value = ""] = option.split("=", 2);
    if (name === "size" && parseByteSize(value) !== undefined) size = parseByteSize(value);
    else if (name === "mode" && parseMode(value) !== undefined) mode = parseMode(value);
    else if (option === "ro" || option === "rw") readOnly = option === "ro";
    else return place.invalid("has a tmpfs option that can't be used", "use `size=64m`, `mode=1777` or `ro`");
  }
  return compact<Extract<Mount, { kind: "tmpfs" }>>({ kind: "tmpfs", target, readOnly, size, mode });
}
