import type { Action } from "./crash-model.ts";
import type { CrashGround } from "./crash-ground.ts";
import { CRASH_IMAGES } from "./crash-scenarios.ts";

/** What an outsider has put in the way: its name or port, and where the engine tells whether it is still there. */
export interface Obstacle {
  readonly kind: "container" | "port" | "network" | "volume";
  readonly name: string;
  readonly path: string;
}

const EVERYTHING = [304, 400, 403, 404, 409, 500];

/** Somebody who uses the same engine and knows nothing of dock. What the engine refuses him, he leaves. */
export class Outsider {
  readonly obstacles: Obstacle[] = [];
  readonly #ground: CrashGround;
  readonly #project: string;

  constructor(ground: CrashGround, project: string) {
    this.#ground = ground;
    this.#project = project;
  }

  async act(action: Action): Promise<void> {
    const { ports } = this.#ground;
    switch (action.do) {
      case "kill":
      case "stop":
      case "pause":
        return this.#toContainers(action.service, (id) => this.#try("POST", `/containers/${id}/${action.do}`));
      case "rm":
        return this.#toContainers(action.service, (id) => this.#try("DELETE", `/containers/${id}?force=1`));
      case "rename":
        return this.#toContainers(action.service, (id) =>
          this.#try("POST", `/containers/${id}/rename?name=odd-${id.slice(0, 8)}`),
        );
      case "disconnect":
        return this.#toContainers(action.service, (id) => this.#disconnect(id, `${this.#project}_default`));
      case "rm network": {
        const name = `${this.#project}_${action.network}`;
        // His own he takes away only to give back.
        if (this.obstacles.some((own) => own.name === name)) return;
        await this.#toContainers(undefined, (id) => this.#disconnect(id, name));
        return this.#try("DELETE", `/networks/${name}`);
      }
      case "rmi":
        return this.#try("DELETE", `/images/${CRASH_IMAGES[action.image]}`);
      case "steal tag": {
        const [repo, tag] = CRASH_IMAGES[action.image].split(":");
        return this.#try("POST", `/images/${CRASH_IMAGES[1 - action.image]}/tag?repo=${repo}&tag=${tag}`);
      }
      case "take name":
        return this.#takeContainer(`${this.#project}-${action.service}-1`, {});
      case "take port":
        return this.#takeContainer(`holder-of-${action.port}`, { port: ports[action.port] });
      case "take network":
        return this.#takeNetwork(`${this.#project}_${action.network}`);
      case "take volume":
        return this.#takeVolume(`${this.#project}_data`);
      case "give back":
        return this.giveBack();
      default:
        throw new Error(`"${action.do}" is nothing that an outsider does`);
    }
  }

  /** Takes everything out of the way again. */
  async giveBack(): Promise<void> {
    for (const { path } of this.obstacles.splice(0)) await this.#ground.bare.remove(path.replace("/json", "?force=1"));
  }

  /** Those of his things that are not there any more. */
  async missing(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const { kind, name, path } of this.obstacles) {
      const answer = (await this.#ground.bare.raw("GET", path, { accept: [404] })).toString();
      if (answer.startsWith(`{"message":`)) missing.push(`${kind} ${name}`);
    }
    return missing;
  }

  async #try(method: string, path: string, body?: unknown): Promise<void> {
    await this.#ground.bare.raw(method, path, { accept: EVERYTHING, ...(body === undefined ? {} : { body }) });
  }

  async #toContainers(service: string | undefined, work: (id: string) => Promise<void>): Promise<void> {
    for (const { Id, Labels } of await this.#ground.bare.containers()) {
      if (Labels["dev.dock.project"] !== this.#project) continue;
      if (service === undefined || Labels["dev.dock.service"] === service) await work(Id);
    }
  }

  async #disconnect(id: string, network: string): Promise<void> {
    await this.#try("POST", `/networks/${network}/disconnect`, { Container: id, Force: true });
  }

  async #takeContainer(name: string, { port }: { readonly port?: number | undefined }): Promise<void> {
    const { bare } = this.#ground;
    const bindings = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: `${port}` }] };
    const body = { Image: "sha256:".padEnd(71, "1"), HostConfig: port === undefined ? {} : { PortBindings: bindings } };
    const answer = (await bare.raw("POST", `/containers/create?name=${name}`, { body, accept: EVERYTHING })).toString();
    const { Id } = JSON.parse(answer) as { readonly Id?: string };
    if (Id === undefined) return;
    if (port !== undefined) {
      await this.#try("POST", `/containers/${Id}/start`);
      const { State } = await bare.get<{ readonly State: { readonly Running: boolean } }>(`/containers/${Id}/json`);
      if (!State.Running) return bare.remove(`/containers/${Id}`);
    }
    const path = `/containers/${Id}/json`;
    this.obstacles.push(
      port === undefined ? { kind: "container", name, path } : { kind: "port", name: `${port}`, path },
    );
  }

  async #takeNetwork(name: string): Promise<void> {
    const { bare } = this.#ground;
    if ((await bare.networks()).some(({ Name }) => Name === name)) return;
    const { Id } = await bare.post<{ readonly Id: string }>("/networks/create", { Name: name, CheckDuplicate: true });
    this.obstacles.push({ kind: "network", name, path: `/networks/${Id}` });
  }

  async #takeVolume(name: string): Promise<void> {
    const { bare } = this.#ground;
    if ((await bare.volumes()).some(({ Name }) => Name === name)) return;
    await bare.post("/volumes/create", { Name: name });
    this.obstacles.push({ kind: "volume", name, path: `/volumes/${name}` });
  }
}
