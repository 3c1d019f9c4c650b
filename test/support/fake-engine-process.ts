import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";
import type { LoggedRequest } from "./engine-request.ts";
import type { FakeEngineOptions } from "./fake-engine.ts";
import type { NewImage } from "./fake-engine-images.ts";
import type { FakeCommand } from "./fake-engine-main.ts";

/** A fake engine in a process of its own: for tests that block their own event loop, and for killing it. */
export class FakeEngineProcess implements AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(host: string, child: ChildProcess, directory: string) {
    this.host = host;
    this.#child = child;
    this.#directory = directory;
  }

  static async start(options: FakeEngineOptions = {}): Promise<FakeEngineProcess> {
    const directory = await mkdtemp(join(tmpdir(), "fake-engine-process-"));
    const file = join(directory, "main.mjs");
    // Node 20 runs no TypeScript.
    await build({
      input: join(import.meta.dirname, "fake-engine-main.ts"),
      platform: "node",
      output: { file },
      logLevel: "silent",
    });
    const child = fork(file, {
      env: { ...process.env, TMPDIR: directory, FAKE_ENGINE_OPTIONS: JSON.stringify(options) },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [{ host }] = (await once(child, "message", { signal: AbortSignal.timeout(10_000) })) as [{ host: string }];
    return new FakeEngineProcess(host, child, directory);
  }

  async addImage(image: NewImage): Promise<void> {
    await this.#ask({ kind: "addImage", image });
  }

  /** Requests so far. */
  async requests(): Promise<readonly LoggedRequest[]> {
    return this.#ask({ kind: "requests" });
  }

  /** Ends the engine as a crash does: nothing is cleaned up, connections break. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) {
      const exit = once(this.#child, "exit");
      this.#child.disconnect();
      await exit;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #ask(command: FakeCommand): Promise<readonly LoggedRequest[]> {
    const answer = once(this.#child, "message", { signal: AbortSignal.timeout(10_000) });
    this.#child.send(command);
    const [{ requests }] = (await answer) as [{ requests: readonly LoggedRequest[] }];
    return requests;
  }
}
