import { dataVolumeName } from "../../src/plan/data-volume.ts";
import { devVolumeName } from "../../src/plan/dev-volume.ts";
import { LABEL } from "../../src/plan/labels.ts";
import type { CrashGround } from "./crash-ground.ts";
import {
  type Action,
  edited,
  type Model,
  type ModelService,
  projectOf,
  type ServiceKey,
  SERVICES,
} from "./crash-model.ts";
import { Outsider } from "./crash-outsider.ts";
import { CRASH_IMAGES } from "./crash-scenarios.ts";
import { type CrashSite, transcript } from "./crash-site.ts";
import { type Fault, FaultProxy } from "./fault-proxy.ts";
import { snapshotDifference, takeSnapshot } from "./snapshot.ts";

const UP = ["up", "-d", "--wait-timeout", "5s"];

/** Ends of a run that something in its way may lead to. */
const FAILURES: ReadonlySet<number> = new Set([1, 3, 5, 6]);

/** Plays actions on a project and checks after each what dock promises (spec §2, §5); a broken promise is an error. */
export class ModelPlay {
  #model: Model = { services: {}, label: 0 };
  readonly #ground: CrashGround;
  readonly #site: CrashSite;
  readonly #outsider: Outsider;
  /** What is in the volumes that hold data, by their names. */
  readonly #marks = new Map<string, string>();

  constructor(ground: CrashGround, site: CrashSite) {
    this.#ground = ground;
    this.#site = site;
    this.#outsider = new Outsider(ground, site.project);
  }

  async play(action: Action): Promise<void> {
    this.#site.history.push(`# ${JSON.stringify(action)}`);
    switch (action.do) {
      case "edit":
      case "drop":
      case "relabel":
        this.#model = edited(this.#model, action);
        await this.#site.declare((ports) => projectOf(this.#model, ports));
        return;
      case "up":
        await this.#up(action.only);
        break;
      case "down":
        await this.#down(action.volumes);
        break;
      case "struck":
        await this.#struck(action);
        break;
      case "two ups":
        await this.#twoUps();
        break;
      default:
        await this.#outsider.act(action);
    }
    await this.#checkOthers();
    await this.#markVolumes();
  }

  /** Brings everything right: nothing in the way, nothing broken, `up` once, `up` for nothing, and `down -v`. */
  async finish(): Promise<void> {
    await this.#outsider.giveBack();
    for (const service of SERVICES) {
      if (this.#model.services[service]) await this.play({ do: "edit", service, change: { broken: false } });
    }
    if (this.#isEmpty()) await this.play({ do: "edit", service: "a", change: {} });
    await this.play({ do: "up" });
    await using proxy = await FaultProxy.start({ upstream: this.#ground.socketPath });
    await this.#site.run(UP, proxy.host);
    if (proxy.mutations.length > 0)
      this.#fail(
        `up has still something to do: ${proxy.mutations.map(({ method, path }) => `${method} ${path}`).join()}`,
      );
    await this.#down(true);
    const left = (await this.#ground.leftovers()).filter((line) => !/: (tag|image) /.test(line));
    if (left.length > 0) this.#fail(left.join("; "));
  }

  async #up(only: ServiceKey | undefined): Promise<void> {
    if (this.#isEmpty() || (only !== undefined && !this.#model.services[only])) return;
    const wanted = SERVICES.filter((key) => this.#model.services[key] && isNeeded(key, only));
    const blocked = this.#inTheWay(wanted);
    const broken = wanted.some((key) => this.#model.services[key]?.broken);
    const before = await this.#look();
    const { code, stderr } = await this.#site.run(only === undefined ? UP : [...UP, only], this.#ground.host);
    if (code === 0) {
      if (broken || blocked !== undefined)
        this.#fail(`up says that all is well, where ${blocked ?? "a service is broken"}`);
      await this.#checkWorld(wanted, only === undefined);
      return;
    }
    this.#checkFailure(code, stderr);
    if (code === 6 && snapshotDifference(before, await this.#look()).length > 0) this.#fail("it was not untouched");
    // Of one service alone: its port may be that of another own one, which is not to be touched.
    if (only === undefined && !broken && blocked === undefined)
      this.#fail(`up ends with ${code}, and nothing is in its way`);
    if (blocked !== undefined && code !== 6 && only === undefined)
      this.#fail(`up ends with ${code}, not 6: ${blocked}`);
  }

  async #down(volumes: boolean): Promise<void> {
    if (this.#isEmpty()) return;
    const { code } = await this.#site.run(volumes ? ["down", "-v"] : ["down"], this.#ground.host);
    if (code !== 0) this.#fail(`down ends with ${code}`);
    if (volumes) this.#marks.clear();
    const own = (await this.#look()).filter((line) => !this.#isForeign(line));
    const left = own.filter((line) => volumes || !line.startsWith("volume"));
    if (left.length > 0) this.#fail(`down leaves ${left.join("; ")}`);
  }

  async #struck({ args, blow, at }: Extract<Action, { do: "struck" }>): Promise<void> {
    if (this.#isEmpty()) return;
    if (args === "down -v") this.#marks.clear();
    let stop = (_signal: NodeJS.Signals): void => {};
    let seen = 0;
    await using proxy = await FaultProxy.start({
      upstream: this.#ground.socketPath,
      ...(blow === "sigint" ? {} : { fault: blow satisfies Fault, at }),
      counts: () => {
        seen += 1;
        if (blow === "sigint" && seen === at) stop("SIGINT");
        return true;
      },
      onKill: () => stop("SIGKILL"),
    });
    const argv = args === "up" ? UP : args.split(" ");
    const own = blow.startsWith("kill") || blow === "sigint" || blow === "stall";
    if (!own) {
      const { code, stderr } = await this.#site.run(argv, proxy.host);
      if (code !== 0) this.#checkFailure(code, stderr);
      return;
    }
    const child = this.#site.start(argv, { host: proxy.host, deadline: 30_000, hurry: blow === "stall" });
    stop = (signal) => child.signal(signal);
    const finished = await child.end();
    this.#site.history.push(transcript(argv, finished));
    if (finished.code !== 0 && finished.code !== 137 && finished.code !== 130)
      this.#checkFailure(finished.code, finished.stderr);
  }

  /** Two that don't know of each other: their addresses differ, so they have no lock in common. */
  async #twoUps(): Promise<void> {
    if (this.#isEmpty()) return;
    await using proxy = await FaultProxy.start({ upstream: this.#ground.socketPath });
    const runs = [this.#site.run(UP, proxy.host), this.#site.run(UP, this.#ground.host)];
    for (const { code, stderr } of await Promise.all(runs)) if (code !== 0) this.#checkFailure(code, stderr);
  }

  #checkFailure(code: number, stderr: string): void {
    if (!FAILURES.has(code) || /unhandled|node:internal/i.test(stderr)) this.#fail(`dock ends with ${code}: ${stderr}`);
  }

  /** What keeps these services from coming up, in words. */
  #inTheWay(wanted: readonly ServiceKey[]): string | undefined {
    const { project, ports } = this.#site;
    const names = wanted.flatMap((key): readonly string[] => {
      const one = this.#model.services[key];
      if (!one) return [];
      return [
        `container ${project}-${key}-1`,
        ...one.networks.map((network) => `network ${project}_${network}`),
        ...(one.data ? [`volume ${project}_data`] : []),
        ...(one.port === "none" ? [] : [`port ${ports[one.port]}`]),
      ];
    });
    return this.#outsider.obstacles.map(({ kind, name }) => `${kind} ${name}`).find((name) => names.includes(name));
  }

  /** After an `up` that ended well: every container is as the file wants it, and there is no other. */
  async #checkWorld(wanted: readonly ServiceKey[], all: boolean): Promise<void> {
    const isContainer = (line: string): boolean => line.startsWith("container");
    const found = (await this.#look()).filter(isContainer).filter((line) => !this.#isForeign(line));
    const expected = await Promise.all(wanted.map(async (key) => this.#expected(key)));
    const difference = snapshotDifference(expected, found).filter((line) => all || line.startsWith("-"));
    if (difference.length > 0) this.#fail(`up says that all is well: ${difference.join("; ")}`);
    if (!all) return;
    const { code } = await this.#site.run(["plan", "--detailed-exitcode"], this.#ground.host);
    if (code !== 0) this.#fail(`after up, plan ends with ${code}`);
  }

  /** The line that a snapshot has of a service's container. */
  async #expected(key: ServiceKey): Promise<string> {
    const one = this.#model.services[key] as ModelService;
    const { project } = this.#site;
    const ref = CRASH_IMAGES[one.image];
    const images = await this.#ground.bare.images();
    const image = images.find(({ RepoTags }) => RepoTags?.includes(ref));
    const at = (path: string): { readonly slot: { service: string; number: number }; readonly path: string } => ({
      slot: { service: key, number: 1 },
      path,
    });
    const mounts = [
      ...(one.data ? [`volume:${project}_data:/data`] : []),
      ...(one.unnamed ? [`volume:${dataVolumeName(project, at("/cache"))}:/cache`] : []),
      ...(one.dev
        ? [
            "bind:./src:/app",
            `volume:${devVolumeName(project, at("/app/node_modules"), image?.Id ?? "")}:/app/node_modules`,
          ]
        : []),
    ];
    const line = [
      `container ${key}/1`,
      `/${project}-${key}-1`,
      one.health ? "running healthy" : "running",
      [...(image?.RepoTags ?? [])].sort()[0] ?? "",
      `env COLOR=${one.color}`,
      `networks ${[...one.networks]
        .sort()
        .map((name) => `${project}_${name}[${key},${project}-${key}-1]`)
        .join(" ")}`,
      `ports ${one.port === "none" ? "" : `${one.port}:80/tcp`}`,
      `mounts ${mounts
        .map((mount) => mount.replaceAll(project, "demo"))
        .sort()
        .join(" ")}`,
      "restart no",
    ].join(" | ");
    return line.replaceAll(project, "demo").replace(/\[([^\]]*)\]/g, (_, aliases: string) => `[${sorted(aliases)}]`);
  }

  /** Whatever dock did: others' things are there, and so is all data. */
  async #checkOthers(): Promise<void> {
    const missing = await this.#outsider.missing();
    if (missing.length > 0) this.#fail(`somebody else's things are gone: ${missing.join(", ")}`);
    for (const [volume, mark] of this.#marks) {
      const found = await this.#ground.marked(volume);
      if (found !== mark) this.#fail(`the data of ${volume} is gone`);
    }
  }

  async #markVolumes(): Promise<void> {
    for (const { Name, Labels } of await this.#ground.bare.volumes()) {
      const own = Labels?.[LABEL.project] === this.#site.project && Labels[LABEL.devTarget] === undefined;
      if (!own || this.#marks.has(Name)) continue;
      this.#marks.set(Name, `data of ${Name}`);
      await this.#ground.mark(Name, `data of ${Name}`);
    }
  }

  async #look(): Promise<readonly string[]> {
    return takeSnapshot(this.#ground.bare, this.#site.project, this.#site.steady);
  }

  /** Whether a line of a snapshot is about something of the outsider's, which bears a name of the project's. */
  #isForeign(line: string): boolean {
    return this.#outsider.obstacles.some(({ kind, name }) => {
      const shown = name.replace(this.#site.project, "demo");
      return kind === "container"
        ? line.startsWith(`container undefined/undefined | /${shown} `)
        : line.startsWith(`${kind} ${shown}`);
    });
  }

  #isEmpty(): boolean {
    return Object.keys(this.#model.services).length === 0;
  }

  #fail(what: string): never {
    throw new Error(`${what}\n${this.#site.history.slice(-12).join("\n")}`);
  }
}

function isNeeded(key: ServiceKey, only: ServiceKey | undefined): boolean {
  return only === undefined || key === only || (only === "b" && key === "a");
}

function sorted(list: string): string {
  return list.split(",").sort().join(",");
}
