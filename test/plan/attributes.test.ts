import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { changeOf, isClearable, PROPERTIES } from "../../src/plan/container-spec.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { type Reconciled, reconcile } from "../../src/plan/reconcile.ts";
import { plainRequest } from "../../src/plan/request.ts";
import { wantedSlots } from "../../src/plan/wanted.ts";
import { applyPlan } from "../support/plan-interpreter.ts";
import { emptyEngine, inputsOf, projectOf } from "../support/world.ts";

/** Two different values of one key of a service, in a file that is otherwise the same. */
interface Sample {
  readonly key: string;
  readonly values: readonly [unknown, unknown];
  /** What else the service has, with either value. */
  readonly beside?: Readonly<Record<string, unknown>>;
}

const ROWS: Readonly<Record<string, Sample>> = {
  command: { key: "command", values: [["one"], ["two"]] },
  entrypoint: { key: "entrypoint", values: [["one"], []] },
  environment: { key: "environment", values: [{ A: "1" }, { A: "2" }] },
  user: { key: "user", values: ["1", "2"] },
  working_dir: { key: "working_dir", values: ["/one", "/two"] },
  labels: { key: "labels", values: [{ a: "1" }, { a: "2" }] },
  tty: { key: "tty", values: [true, false] },
  stdin_open: { key: "stdin_open", values: [true, false] },
  init: { key: "init", values: [true, false] },
  stop_signal: { key: "stop_signal", values: ["SIGINT", "SIGHUP"] },
  stop_grace_period: { key: "stop_grace_period", values: ["1s", "2s"] },
  healthcheck: { key: "healthcheck", values: ["one", "two"] },
  restart: { key: "restart", values: ["always", "on-failure:3"] },
  logging: { key: "logging", values: [{ driver: "local" }, { driver: "none" }] },
  platform: { key: "platform", values: ["linux/amd64", "linux/arm64"] },
  runtime: { key: "runtime", values: ["runc", "runsc"] },
  annotations: { key: "annotations", values: [{ a: "1" }, { a: "2" }] },
  group_add: { key: "group_add", values: [["audio"], ["video"]] },
  ports: { key: "ports", values: [["8080:80"], ["8081:80"]] },
  expose: { key: "expose", values: [["1"], ["2"]] },
  networks: {
    key: "networks",
    values: [{ back: { aliases: ["a"] } }, { back: { aliases: ["b"], gw_priority: 1 } }],
  },
  network_mode: { key: "network_mode", values: ["host", "none"] },
  mac_address: { key: "mac_address", values: ["02:42:ac:11:65:43", "02:42:ac:11:65:44"] },
  hostname: { key: "hostname", values: ["one", "two"] },
  domainname: { key: "domainname", values: ["one.example", "two.example"] },
  extra_hosts: { key: "extra_hosts", values: [["a:10.0.0.1"], ["a:10.0.0.2"]] },
  dns: { key: "dns", values: ["10.0.0.1", "10.0.0.2"] },
  dns_search: { key: "dns_search", values: ["one.example", "two.example"] },
  dns_opt: { key: "dns_opt", values: [["ndots:1"], ["ndots:2"]] },
  mounts: { key: "mounts", values: [["./a:/a"], ["./a:/a:z"]] },
  devVolumes: { key: "dev", values: [{ mounts: ["/a"] }, { mounts: ["/b"] }] },
  secrets: { key: "secrets", values: [["a"], [{ source: "a", mode: "0400" }]] },
  configs: { key: "configs", values: [["a"], [{ source: "b", target: "a" }]] },
  cap_add: { key: "cap_add", values: [["NET_ADMIN"], ["SYS_TIME"]] },
  cap_drop: { key: "cap_drop", values: [["ALL"], ["CHOWN"]] },
  privileged: { key: "privileged", values: [true, false] },
  read_only: { key: "read_only", values: [true, false] },
  security_opt: { key: "security_opt", values: [["no-new-privileges:true"], ["label:disable"]] },
  sysctls: { key: "sysctls", values: [{ "net.core.somaxconn": 1 }, { "net.core.somaxconn": 2 }] },
  pid: { key: "pid", values: ["host", "container:other"] },
  ipc: { key: "ipc", values: ["shareable", "private"] },
  uts: { key: "uts", values: ["host", undefined] },
  userns_mode: { key: "userns_mode", values: ["host", undefined] },
  cgroup: { key: "cgroup", values: ["host", "private"] },
  cgroup_parent: { key: "cgroup_parent", values: ["/a", "/b"] },
  "resources.cpus": { key: "resources", values: [{ cpus: 0.5 }, { cpus: 1.5 }] },
  "resources.cpuset": { key: "resources", values: [{ cpuset: "0" }, { cpuset: "1" }] },
  "resources.cpu_shares": { key: "resources", values: [{ cpu_shares: 512 }, { cpu_shares: 256 }] },
  "resources.memory": { key: "resources", values: [{ memory: "64m" }, { memory: "32m" }] },
  "resources.memory_reservation": {
    key: "resources",
    values: [{ memory_reservation: "16m" }, { memory_reservation: "8m" }],
  },
  "resources.memory_swap": {
    key: "resources",
    values: [
      { memory: "64m", memory_swap: "1g" },
      { memory: "64m", memory_swap: -1 },
    ],
  },
  "resources.pids": { key: "resources", values: [{ pids: 10 }, { pids: 20 }] },
  "resources.devices": {
    key: "resources",
    values: [{ devices: [{ capabilities: ["gpu"] }] }, { devices: [{ capabilities: ["tpu"] }] }],
  },
  gpus: { key: "gpus", values: ["all", [{ count: 1 }]] },
  devices: { key: "devices", values: [["/dev/null"], ["/dev/null:/dev/zero:r"]] },
  device_cgroup_rules: { key: "device_cgroup_rules", values: [["c 1:3 r"], ["c 1:3 w"]] },
  shm_size: { key: "shm_size", values: ["64m", "32m"] },
  ulimits: { key: "ulimits", values: [{ nofile: 100 }, { nofile: 200 }] },
  oom_score_adj: { key: "oom_score_adj", values: [1, 2] },
  storage_opt: { key: "storage_opt", values: [{ size: "1G" }, { size: "2G" }] },
};

/** Keys that say something else than what a container is made of: changing them leaves it alone. */
const NOTHING: readonly Sample[] = [
  { key: "depends_on", values: [["db"], undefined] },
  { key: "profiles", values: [undefined, []] },
  { key: "attach", values: [true, false] },
  { key: "post_start", values: [[{ command: "one" }], [{ command: "two", user: "root" }]] },
  { key: "pre_stop", values: [[{ command: "one" }], [{ command: "two", environment: { A: "1" } }]] },
  { key: "pull", values: ["missing", "never"] },
  { key: "dev", values: [{ reload: "restart" }, { watch: [{ path: "./a", action: "restart" }] }] },
];

/** Keys that other tests are about: what is run, what it is called, and how many there are. */
const ELSEWHERE = new Set(["image", "build", "container_name", "scale", "env_file", "ready", "task"]);
/** Other spellings of what the table has under another name. */
const SYNONYMS = new Set(["volumes", "tmpfs"]);

function textOf(sample: Sample | undefined, value: unknown): string {
  const web = { image: "nginx", ...sample?.beside, ...(value === undefined ? {} : { [sample?.key ?? ""]: value }) };
  return JSON.stringify({
    name: "shop",
    services: { web, db: { image: "postgres:17" } },
    networks: { back: {} },
    secrets: { a: { content: "one" } },
    configs: { a: { content: "one" }, b: { content: "two" } },
  });
}

function worldOf(text: string, observed = emptyEngine()) {
  const project = projectOf(text);
  return { project, inputs: inputsOf(project), observed };
}

type World = ReturnType<typeof worldOf>;

function upped(text: string): Observed {
  const world = worldOf(text);
  return applied(world, reconcile(world.project, world, plainRequest("dev")));
}

/** The engine after a plan, every container healthy: readiness is another matter. */
function applied(world: World, reconciled: Reconciled): Observed {
  const observed = applyPlan(world, reconciled);
  return { ...observed, containers: observed.containers.map((container) => ({ ...container, health: "healthy" })) };
}

function digestsOf(text: string): Readonly<Record<string, string>> {
  const world = worldOf(text);
  const slots = wantedSlots(world.project, world, { mode: "dev", services: ["db", "web"] });
  return Object.fromEntries(slots.map(({ slot, specDigest }) => [slot.service, specDigest]));
}

/** What `up` would do to containers when the file changes from one text to the other: `container.replace web resources.cpus`. */
function planned(before: string, after: string): readonly string[] {
  const world = worldOf(after, upped(before));
  const reconciled = reconcile(world.project, world, plainRequest("dev"));
  expect(reconciled.conflicts).toEqual([]);
  const again = { ...world, observed: applied(world, reconciled) };
  expect(reconcile(world.project, again, plainRequest("dev")).plan.actions.map(({ id }) => id)).toEqual([]);
  return reconciled.plan.actions
    .filter(({ operation }) => operation.kind.startsWith("container."))
    .map(({ operation, target, reasons }) => {
      const paths = new Set(reasons.map(({ path }) => path));
      return `${operation.kind} ${target} ${[...paths].join(" ")}`;
    });
}

/** A change's line in the plan: `path` is the property or a part of it. */
function line(kind: string, name: string): unknown {
  return expect.stringMatching(
    new RegExp(`^container\\.${kind} service:web/1 ${name.replaceAll(".", "\\.")}(\\.\\S+)?$`),
  );
}

test("every row of the table has a sample here, and every key of a service a place", () => {
  expect(Object.keys(ROWS).toSorted()).toEqual([...PROPERTIES].toSorted());
  const schema = JSON.parse(readFileSync(new URL("../../schema/dock.schema.json", import.meta.url), "utf8")) as {
    readonly definitions: { readonly service: { readonly properties: Readonly<Record<string, object>> } };
  };
  const supported = Object.keys(schema.definitions.service.properties);
  const known = new Set([...[...Object.values(ROWS), ...NOTHING].map(({ key }) => key), ...ELSEWHERE, ...SYNONYMS]);
  expect(supported.filter((key) => !known.has(key))).toEqual([]);
});

describe("a change of", () => {
  test.each(Object.entries(ROWS))("%s changes what its row says, and nothing else", (name, sample) => {
    const [first, second] = sample.values.map((value) => textOf(sample, value)) as [string, string];
    const [before, after] = [digestsOf(first), digestsOf(second)];
    const replaces = changeOf(name) === "replace";
    expect(before["web"] === after["web"]).toBe(!replaces);
    expect(before["db"]).toBe(after["db"]);
    expect(planned(first, second)).toEqual([line(replaces ? "replace" : "update", name)]);
    expect(planned(first, first)).toEqual([]);
  });

  test.each(NOTHING.map((sample) => [sample.key, sample] as const))("%s touches no container", (_, sample) => {
    const [first, second] = sample.values.map((value) => textOf(sample, value)) as [string, string];
    expect(digestsOf(first)).toEqual(digestsOf(second));
    expect(planned(first, second)).toEqual([]);
  });
});

describe("variants of one attribute", () => {
  const image = { type: "image", source: "busybox", target: "/tools" };
  test.each([
    ["a mount's kind", { mounts: ["/tools"] }, { mounts: [image] }, "mounts"],
    [
      "an image mount's directory",
      { mounts: [image] },
      { mounts: [{ ...image, image: { subpath: "bin" } }] },
      "mounts",
    ],
    ["an image mount's reference", { mounts: [image] }, { mounts: [{ ...image, source: "busybox:1" }] }, "mounts"],
    ["a range of host ports", { ports: ["8000-8010:80"] }, { ports: ["8000-8011:80"] }, "ports"],
  ])("are told apart: %s", (_, first, second, name) => {
    const text = (web: object): string =>
      JSON.stringify({ name: "shop", services: { web: { image: "nginx", ...web }, db: { image: "postgres:17" } } });
    expect(digestsOf(text(first))["web"]).not.toBe(digestsOf(text(second))["web"]);
    expect(planned(text(first), text(second))).toEqual([line("replace", name)]);
  });
});

describe("a secret", () => {
  const file = (secret: object, web: object = { secrets: ["token"] }): string =>
    JSON.stringify({
      name: "shop",
      services: { web: { image: "nginx", ...web } },
      secrets: { token: secret, other: { content: "hunter2-first" } },
    });
  const first = file({ content: "hunter2-first" });

  test("of another content replaces the container, and nothing shows it", () => {
    const observed = upped(first);
    const world = worldOf(file({ content: "hunter2-second" }), observed);
    const { plan } = reconcile(world.project, world, plainRequest("dev"));
    expect(plan.actions.map(({ id, reasons }) => [id, reasons])).toEqual([
      ["container.replace service:web/1", [{ code: "config-changed", path: "secrets./run/secrets/token" }]],
    ]);
    expect(JSON.stringify([plan, observed.containers])).not.toMatch(/hunter2|aHVudGVyM/);
  });

  test("that is called otherwise and has the same content and place changes nothing", () => {
    expect(planned(first, file({ content: "x" }, { secrets: [{ source: "other", target: "token" }] }))).toEqual([]);
  });

  test("has the same hash in no two projects", () => {
    const hash = (salt: string) => {
      const world = worldOf(first);
      const [web] = wantedSlots(
        world.project,
        { ...world, inputs: { ...world.inputs, salt } },
        { mode: "dev", services: ["web"] },
      );
      return JSON.stringify(web?.labelSpec["secrets"]);
    };
    expect(hash("one")).not.toBe(hash("two"));
  });
});

describe("what changes in place", () => {
  const inPlace = Object.entries(ROWS).filter(([name]) => changeOf(name) === "update");

  test.each(inPlace)("%s is set in place, and taken away in place where the engine can", (name, sample) => {
    const [first] = sample.values.map((value) => textOf(sample, value)) as [string, string];
    const none = textOf(sample, name === "resources.memory_swap" ? { memory: "64m" } : undefined);
    expect(planned(none, first)).toEqual([line("update", name)]);
    const canClear = name === "restart" || isClearable(name);
    expect(planned(first, none)).toEqual([line(canClear ? "update" : "replace", name)]);
  });

  test.each(inPlace)("%s goes back in place to what the container was made with", (name, sample) => {
    const [first, second] = sample.values.map((value) => textOf(sample, value)) as [string, string];
    const there = worldOf(second, upped(first));
    const observed = applyPlan(there, reconcile(there.project, there, plainRequest("dev")));
    const back = worldOf(first, observed);
    const { plan } = reconcile(back.project, back, plainRequest("dev"));
    expect(plan.actions.map(({ id, reasons }) => `${id} ${reasons[0]?.path}`)).toEqual([
      `container.update service:web/1 ${name}`,
    ]);
  });
});
