import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { run } from "../../src/cli/run.ts";

const CASES = join(import.meta.dirname, "../golden/bake");

/** What both say of an image, in words that belong to neither. */
interface Definition {
  readonly context: string;
  readonly dockerfile: string;
  readonly target: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly contexts: Readonly<Record<string, string>>;
}

interface BakeTarget extends Partial<Definition> {
  readonly context: string;
  readonly dockerfile: string;
}

type PrintedContext =
  | { readonly kind: "image"; readonly key: string }
  | { readonly kind: "reference"; readonly ref: string }
  | { readonly kind: "directory"; readonly path: string };

interface PrintedImage extends Omit<Definition, "contexts"> {
  readonly contexts: Readonly<Record<string, PrintedContext>>;
}

/** What `dock build --print` says in a directory. */
async function printed(cwd: string, args: readonly string[]): Promise<Readonly<Record<string, PrintedImage>>> {
  let [said, failed] = ["", ""];
  const sink = (take: (text: string) => void): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        take(chunk.toString());
        done();
      },
    });
  const io = {
    stdin: Readable.from([]),
    stdout: sink((text) => (said += text)),
    stderr: sink((text) => (failed += text)),
    cwd,
    env: { HOME: "/nowhere" },
  };
  expect(await run(["build", "--print", ...args], io), failed).toBe(0);
  return (JSON.parse(said) as { images: Record<string, PrintedImage> }).images;
}

function ofBake(root: string, target: BakeTarget): Definition {
  const contexts = Object.entries(target.contexts ?? {}).map(([name, value]) => [
    name,
    /^(target:|docker-image:)/.test(value) ? value : resolve(root, value),
  ]);
  return {
    context: resolve(root, target.context),
    dockerfile: target.dockerfile.replace(/^\.\//, ""),
    target: target.target,
    args: target.args ?? {},
    tags: target.tags ?? [],
    labels: target.labels ?? {},
    contexts: Object.fromEntries(contexts) as Record<string, string>,
  };
}

function ofDock(image: PrintedImage): Definition {
  const contexts = Object.entries(image.contexts).map(([name, context]) => {
    if (context.kind === "image") return [name, `target:${context.key}`];
    return [name, context.kind === "reference" ? `docker-image://${context.ref}` : context.path];
  });
  const { context, dockerfile, target, args, tags, labels } = image;
  return {
    context,
    dockerfile: isAbsolute(dockerfile) ? relative(context, dockerfile) : dockerfile,
    target,
    args,
    tags,
    labels,
    contexts: Object.fromEntries(contexts) as Record<string, string>,
  };
}

test.each(readdirSync(CASES))(
  "%s: build --print says what buildx bake --print says of the same images",
  async (name) => {
    const root = join(CASES, name);
    const given = join(root, "arguments.json");
    const args = existsSync(given) ? (JSON.parse(readFileSync(given, "utf8")) as readonly string[]) : [];
    const { target, groups } = JSON.parse(readFileSync(join(root, "bake.json"), "utf8")) as {
      target: Record<string, BakeTarget>;
      groups: Record<string, readonly string[]>;
    };
    const images = await printed(root, args);
    expect(Object.fromEntries(Object.entries(images).map(([key, image]) => [key, ofDock(image)]))).toEqual(
      Object.fromEntries(Object.entries(target).map(([key, one]) => [key, ofBake(root, one)])),
    );
    for (const [group, members] of Object.entries(groups))
      expect(Object.keys(await printed(root, [group])).sort(), group).toEqual(members.toSorted());
  },
);
