import type { ServerResponse } from "node:http";
import { Refusal, type FakeRequest, type Reply, type Route } from "./fake-engine-http.ts";
import { type Behavior, type FakeImage, type FakeWorld, normalizeRef, randomId } from "./fake-engine-state.ts";

/** An image that a test puts on a fake engine, or into the registry that it pulls from. */
export interface NewImage {
  /** `sha256:…`; made up when it is left out. */
  readonly id?: string;
  readonly tags?: readonly string[];
  readonly digests?: readonly string[];
  readonly config?: FakeImage["config"];
  readonly behavior?: Behavior;
}

/** What a registry has under a reference: an image, or the error that a pull of it ends with in the middle. */
export type Pullable = NewImage | { readonly error: string };

/** Puts an image on the engine; its tags are taken from the images that had them. An id that is there gets the tags. */
export function addImage(world: FakeWorld, image: NewImage): FakeImage {
  const id = image.id ?? `sha256:${randomId()}`;
  let stored = world.images.find((candidate) => candidate.id === id);
  if (!stored) {
    const { digests = [], config = {}, behavior = {} } = image;
    stored = { id, tags: new Set(), digests, lastTagged: 0, config, behavior };
    world.images.push(stored);
  }
  for (const tag of image.tags ?? []) putTag(world, stored, tag);
  return stored;
}

function putTag(world: FakeWorld, image: FakeImage, ref: string): void {
  const tag = normalizeRef(ref);
  for (const other of world.images) other.tags.delete(tag);
  image.tags.add(tag);
  image.lastTagged = Date.now();
  world.tell("image", "tag", { id: image.id, attributes: { name: tag } });
}

/** Routes under `/images`. */
export function imageRoutes(world: FakeWorld, registry: ReadonlyMap<string, Pullable>): readonly Route[] {
  return [
    ["GET", /^\/images\/json$/, () => ({ status: 200, json: world.images.map((image) => listEntry(world, image)) })],
    ["POST", /^\/images\/create$/, (request) => pull(world, registry, request)],
    [
      "GET",
      /^\/images\/(.+)\/json$/,
      ({ params }) => ({ status: 200, json: inspection(world.image(params[0] ?? "")) }),
    ],
    [
      "GET",
      /^\/images\/(.+)\/history$/,
      ({ params }) => ({ status: 200, json: history(world.image(params[0] ?? "")) }),
    ],
    ["POST", /^\/images\/(.+)\/tag$/, (request) => tag(world, request)],
    ["DELETE", /^\/images\/(.+)$/, ({ params }) => removeImage(world, params[0] ?? "")],
  ];
}

/** Old engines spell out that an image has no name. */
function repoTags(world: FakeWorld, image: FakeImage): readonly string[] {
  return image.tags.size === 0 && !world.since(43) ? ["<none>:<none>"] : [...image.tags];
}

function listEntry(world: FakeWorld, image: FakeImage): object {
  return {
    Id: image.id,
    RepoTags: repoTags(world, image),
    RepoDigests: image.digests,
    Created: 1_700_000_000,
    Size: 1_000_000,
    Labels: image.config.Labels ?? null,
    Containers: -1,
  };
}

function inspection(image: FakeImage): object {
  return {
    Id: image.id,
    RepoTags: [...image.tags],
    RepoDigests: image.digests,
    Created: "2023-11-14T22:13:20Z",
    Architecture: "amd64",
    Os: "linux",
    Size: 1_000_000,
    Metadata: {
      LastTagTime: image.lastTagged === 0 ? "0001-01-01T00:00:00Z" : new Date(image.lastTagged).toISOString(),
    },
    Config: {
      Cmd: ["sh"],
      Entrypoint: null,
      Env: null,
      Labels: null,
      Volumes: null,
      OnBuild: null,
      User: "",
      WorkingDir: "",
      ...image.config,
    },
  };
}

function history(image: FakeImage): readonly object[] {
  const created = 1_700_000_000;
  return [
    { Id: image.id, Created: created, CreatedBy: 'CMD ["sh"]', Size: 0, Tags: [...image.tags], Comment: "" },
    { Id: "<missing>", Created: created, CreatedBy: "base", Size: 1_000_000, Tags: null, Comment: "" },
  ];
}

function tag(world: FakeWorld, { params, query }: FakeRequest): Reply {
  putTag(world, world.image(params[0] ?? ""), `${query.get("repo")}:${query.get("tag") || "latest"}`);
  return { status: 201 };
}

function removeImage(world: FakeWorld, ref: string): Reply {
  const image = world.image(ref);
  const byName = image.tags.has(normalizeRef(ref));
  const user = world.containers.find((container) => container.image === image);
  if (byName && image.tags.size > 1) {
    image.tags.delete(normalizeRef(ref));
    return { status: 200, json: [{ Untagged: normalizeRef(ref) }] };
  }
  if (user) {
    const short = image.id.slice(7, 19);
    const place = byName ? `remove repository reference "${ref}" (must force)` : `delete ${short} (must be forced)`;
    throw new Refusal(
      409,
      `conflict: unable to ${place} - container ${user.id.slice(0, 12)} is using its referenced image ${short}`,
    );
  }
  if (!byName && image.tags.size > 1) {
    throw new Refusal(
      409,
      `conflict: unable to delete ${image.id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    );
  }
  world.images.splice(world.images.indexOf(image), 1);
  world.tell("image", "delete", { id: image.id, attributes: {} });
  return { status: 200, json: [...[...image.tags].map((name) => ({ Untagged: name })), { Deleted: image.id }] };
}

function pull(world: FakeWorld, registry: ReadonlyMap<string, Pullable>, { query }: FakeRequest): Reply {
  const name = query.get("fromImage") ?? "";
  const version = query.get("tag") ?? "";
  const ref = normalizeRef(version.includes(":") ? `${name}@${version}` : `${name}:${version}`);
  const found = registry.get(ref);
  if (!found) {
    const why =
      "repository does not exist or may require 'docker login': denied: requested access to the resource is denied";
    throw new Refusal(404, `pull access denied for ${name}, ${why}`);
  }
  return {
    stream: (response: ServerResponse) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      const say = (line: object): void => void response.write(`${JSON.stringify(line)}\r\n`);
      say({ status: `Pulling from ${name}`, id: version });
      say({ status: "Downloading", id: "0123456789ab", progressDetail: { current: 5, total: 10 } });
      if ("error" in found) {
        say({ errorDetail: { message: found.error }, error: found.error });
      } else {
        addImage(world, {
          ...found,
          ...(ref.includes("@") ? { digests: [ref] } : { tags: [...(found.tags ?? []), ref] }),
        });
        say({ status: `Status: Downloaded newer image for ${ref}` });
      }
      response.end();
    },
  };
}
