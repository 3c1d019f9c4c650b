import { readFileSync } from "node:fs";

interface Schema {
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const root = JSON.parse(readFileSync(new URL("../../schema/dock.schema.json", import.meta.url), "utf8")) as Schema;

/** A value in the schema: its types, and how a file looks that holds a given value there. */
export interface SchemaPlace {
  readonly name: string;
  readonly types: readonly string[];
  readonly keys: readonly string[];
  readonly file: (value: unknown) => unknown;
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  id: "x",
  soft: 1,
  hard: 2,
  target: "/x",
  source: "x",
  path: "./x",
  action: "none",
  type: "image",
  signal: "SIGHUP",
  command: "x",
};

/** What stands beside a key, by the end of its name, for the rest of the file to be right. */
const BESIDE: readonly (readonly [string, object])[] = [
  ["services.*.build", {}],
  ["mounts[].bind", { target: "/x", source: "./x" }],
  ["mounts[].image", { type: "image", target: "/x", source: "busybox" }],
  ["volumes[].image", { type: "image", target: "/x", source: "busybox" }],
  ["volumes[].bind", { target: "/x", source: "./x" }],
  ["ipam.config[].aux_addresses", { subnet: "10.77.0.0/16" }],
  ...["external", "name"].flatMap((key) =>
    ["secrets", "configs"].map((kind) => [`${kind}.*.${key}`, { content: "x" }] as const),
  ),
  ["images.*.name", { matrix: { k: ["x"] } }],
  ["watch[].exec", { path: "./x", action: "exec" }],
  ["watch[].target", { path: "./x", action: "sync" }],
  ...["driver", "count", "device_ids", "options"].map(
    (key) => [`resources.devices[].${key}`, { capabilities: ["gpu"] }] as const,
  ),
];

function* places(schema: Schema, name: string, file: SchemaPlace["file"]): Generator<SchemaPlace> {
  const { $ref, ...siblings } = schema;
  const target = $ref === undefined ? schema : { ...root.definitions?.[$ref.split("/").at(-1) ?? ""], ...siblings };
  const types = [target.type ?? []].flat();
  const properties = Object.entries(target.properties ?? {});
  yield {
    name,
    types: target.pattern === "\\$" ? types.filter((type) => type !== "string") : types,
    keys: properties.map(([key]) => key),
    file,
  };
  const isPort = target.properties?.["published"] !== undefined;
  const required = Object.fromEntries((target.required ?? []).map((key) => [key, isPort ? 80 : SAMPLES[key]]));
  const around = name === "services.*" ? { image: "busybox" } : required;
  for (const [key, property] of properties) {
    const surroundings = BESIDE.find(([end]) => `${name}.${key}`.endsWith(end))?.[1] ?? around;
    yield* places(property, `${name === "" ? "" : `${name}.`}${key}`, (value) =>
      file({ ...surroundings, [key]: value }),
    );
  }
  if (target.items) yield* places(target.items, `${name}[]`, (value) => file([value]));
  if (typeof target.additionalProperties !== "object") return;
  const entry = name === "services" ? { k: { image: "busybox" } } : {};
  yield* places(target.additionalProperties, `${name}.*`, (value) =>
    file({ ...entry, [name === "services" ? "web" : "k"]: value }),
  );
}

/** Every place of the schema for a value but the root. */
export const schemaPlaces: readonly SchemaPlace[] = [
  ...places(root, "", (value) => ({
    services: { s: { image: "busybox" } },
    networks: { k: {} },
    secrets: { x: { content: "x" } },
    configs: { x: { content: "x" } },
    ...(value as object),
  })),
].slice(1);
