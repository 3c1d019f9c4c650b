import { DockError } from "../../error.ts";
import { plainRequest } from "../../plan/request.ts";
import type { Image } from "../../project/image-model.ts";
import type { Project } from "../../project/model.ts";
import { formatImageList, formatOutline, formatVariableList } from "../../ui/build-list-view.ts";
import type { Style } from "../../ui/style.ts";
import { type BuildFlags, withBuildFlags } from "../build-flags.ts";
import { checkImages } from "../check-images.ts";
import { collect, type CommandDefinition, type Invocation } from "../command.ts";
import { converge } from "../converge.ts";
import { listedImages, outlines, printedImage } from "../image-lists.ts";
import { loadDiagnosed, usableProject } from "../load-project.ts";
import { imageNames } from "../named.ts";
import { pushImages, requirePushable } from "../push-images.ts";
import { jsonResult, stdoutStyle } from "../report.ts";
import type { Session } from "../session.ts";
import { imageOverrides } from "../set-options.ts";
import { withBuildArgs, type World } from "../world.ts";

interface BuildOptions extends BuildFlags {
  readonly arg?: readonly string[];
  readonly tag?: readonly string[];
  readonly target?: string;
  /** False after --no-cache. */
  readonly cache?: boolean;
  readonly pull?: boolean;
  readonly push?: boolean;
  readonly force?: boolean;
  readonly print?: boolean;
  readonly set?: readonly string[];
  /** What to list: true is the images. */
  readonly list?: boolean | string;
  readonly outline?: boolean;
  readonly check?: boolean;
}

/** `dock build`: builds the images whose inputs are not built yet; unchanged ones never reach the builder. */
export const build: CommandDefinition = {
  usage: "[IMAGE...]",
  configure: (command) => {
    command
      .argument("[images...]", "images to build with those that they start from (default: all)")
      .option("--arg <K=V>", "build argument for the images whose Dockerfiles declare it; IMAGE.K=V for one", collect)
      .option("-t, --tag <REF>", "tag instead of the declared ones, for one image (repeatable)", collect)
      .option("--target <STAGE>", "stage to build, for one image")
      .option("--secret <ID>", "secret for steps that mount it: id=ID,src=PATH or id=ID,env=NAME (repeatable)", collect)
      .option("--ssh <ID>", "SSH agent for steps that mount it: default, or ID=SOCKET (repeatable)", collect)
      .option("--platform <OS/ARCH>", "platform to build for (repeatable)", collect)
      .option("-o, --output <DEST>", "also write the result: a directory, or type=local|tar|oci,dest=PATH", collect)
      .option("--push", "push the tags to their registries when all is built")
      .option("--no-cache", "run every step again")
      .option("--pull", "ask the registries for newer base images")
      .option("--progress <KIND>", "auto, tty (live), plain (lines) or json (events on stdout)")
      .option("--force", "ask the builder also where the inputs are unchanged")
      .option(
        "--set <IMAGE.KEY=VALUE>",
        "change a setting; += adds to a list, * in IMAGE means any (repeatable)",
        collect,
      )
      .option("--list [WHAT]", "list the images, or the variables, and build nothing")
      .option("--outline", "list the arguments of the images' Dockerfiles and build nothing")
      .option(
        "--check",
        "have the builder check the Dockerfiles and build nothing; exit code 1 when it finds something",
      )
      .option("--print", "print the resolved build definitions as JSON and build nothing");
  },
  run: async ({ session, args, options }: Invocation) => {
    const given = options as BuildOptions;
    const loaded = await loadDiagnosed(session, { overrides: imageOverrides(given.set ?? []) });
    const declared = usableProject(session, loaded, { warns: true });
    if (given.list !== undefined && listsVariables(given.list)) {
      listing(session, loaded.variables, (style) => formatVariableList(loaded.variables, style));
      return 0;
    }
    const named = imageNames(declared, args);
    const keys = named.length > 0 ? named : Object.keys(declared.images).sort();
    if (keys.length === 0)
      throw new DockError("usage", "the project declares no images", { hint: 'add an "images:" section' });
    const flagged = withBuildFlags(forOneImage(declared, keys, given), keys, { flags: given, io: session.io });
    const project = await withBuildArgs(flagged, given.arg ?? [], keys);
    const { stdout } = session.io;
    if (given.print) {
      const images = Object.fromEntries(keys.map((key) => [key, printedImage(project.images[key])]));
      stdout.write(`${JSON.stringify({ images }, undefined, 2)}\n`);
      return 0;
    }
    if (given.list !== undefined) {
      const images = listedImages(project, keys);
      listing(session, images, (style) => formatImageList(images, style));
      return 0;
    }
    if (given.outline) {
      const found = await outlines(project, keys);
      const texts = (style: Style): readonly string[] =>
        Object.entries(found).map(([key, args]) => formatOutline(key, args, style));
      listing(session, found, (style) => texts(style).join("\n\n"));
      return 0;
    }
    if (given.check) return checkImages(session, project, keys);
    const request = {
      ...plainRequest("plain"),
      images: keys,
      forceBuild: given.force === true || given.cache === false || given.pull === true,
      outputs: true,
      noCache: given.cache === false,
      pull: given.pull ?? false,
    };
    if (given.push) requirePushable(project, keys);
    const { first, last } = await converge(session, { project, request });
    if (given.push) await pushImages(session, project, keys);
    jsonResult(session, { ok: true, images: keys.map((key) => result(key, { project, first, last })) });
    return 0;
  },
};

function listsVariables(what: boolean | string): boolean {
  if (what === true || what === "images") return false;
  if (what === "variables") return true;
  throw new DockError("usage", `--list takes images or variables, not "${String(what)}"`);
}

/** Writes data as JSON where that was asked for, else as text. */
function listing(session: Session, data: unknown, text: (style: Style) => string): void {
  const { stdout } = session.io;
  stdout.write(`${session.globals.json ? JSON.stringify(data, undefined, 2) : text(stdoutStyle(session))}\n`);
}

/** Options that only make sense for a single image, put into its definition. */
function forOneImage(project: Project, keys: readonly string[], options: BuildOptions): Project {
  const { tag, target } = options;
  if (tag === undefined && target === undefined) return project;
  const [key = "", ...others] = keys;
  const image = project.images[key];
  if (others.length > 0 || !image) {
    throw new DockError("usage", `${tag ? "--tag" : "--target"} needs exactly one image`, {
      hint: `name it: dock build ${key} …`,
    });
  }
  const changed: Image = {
    ...image,
    ...(tag === undefined ? {} : { tags: tag.map((ref) => spelled(ref)) }),
    ...(target === undefined ? {} : { target }),
  };
  return { ...project, images: { ...project.images, [key]: changed } };
}

function spelled(ref: string): string {
  return ref.lastIndexOf(":") > ref.lastIndexOf("/") ? ref : `${ref}:latest`;
}

function result(
  key: string,
  of: { readonly project: Project; readonly first: World; readonly last: World },
): Readonly<Record<string, unknown>> {
  const before = of.first.reconciled.images.get(key);
  const after = of.last.reconciled.images.get(key);
  const built = before?.build !== undefined;
  return {
    name: key,
    id: after?.id,
    tags: of.project.images[key]?.tags ?? [],
    status: !built ? "unchanged" : before.id === after?.id ? "cached" : "built",
  };
}
