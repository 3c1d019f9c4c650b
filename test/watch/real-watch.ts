import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { DockError } from "../../src/error.ts";
import { systemClock } from "../../src/std/clock.ts";
import { watch } from "../../src/watch/loop.ts";
import { FakeEffects } from "./fake-effects.ts";
import { type TempTree, tempTree } from "./temp-tree.ts";

/** A project with a directory that is kept in the containers of one service. */
export const SITE = `
name: demo
services:
  web:
    image: busybox
    dev:
      watch: [{ path: ./site, action: sync, target: /srv }]
`;

/** A watch over a temporary project on this machine's file system and clock, with an engine in memory. */
export class RealWatch implements AsyncDisposable {
  readonly tree: TempTree;
  readonly effects: FakeEffects;
  readonly #stop = new AbortController();
  #end: Promise<unknown> = Promise.resolve();

  constructor(files: Readonly<Record<string, string>>) {
    this.tree = tempTree(files);
    this.effects = new FakeEffects(this.tree.path, systemClock);
    this.effects.containerIds.set("web", ["web-1"]);
  }

  static async begin(files: Readonly<Record<string, string>>): Promise<RealWatch> {
    const watched = new RealWatch(files);
    await watched.start();
    return watched;
  }

  /** Resolves when the first run has ended and everything is watched. */
  async start(): Promise<void> {
    const project = await this.effects.load();
    this.#end = watch({ project, mode: "dev" }, this.effects, this.#stop.signal).catch((error: unknown) => error);
    await this.said((event) => event.type === "watch-ready");
  }

  /** Resolves when an event has come. */
  async said(test: (event: FakeEffects["events"][number]) => boolean, milliseconds = 15_000): Promise<void> {
    await vi.waitFor(() => expect(this.effects.events.some(test)).toBe(true), { timeout: milliseconds, interval: 10 });
  }

  /** Resolves when the files of web-1 below /srv are those on the disk below `site`. */
  async synced(milliseconds = 5000): Promise<void> {
    const inside = (): object => Object.fromEntries(this.effects.files.get("web-1") ?? []);
    await vi.waitFor(() => expect(inside()).toEqual(this.#onDisk()), { timeout: milliseconds, interval: 20 });
  }

  /** Resolves when nothing was asked of containers, and nothing was run, for a while. */
  async quiet(milliseconds = 400): Promise<void> {
    const seen = (): string => `${this.effects.calls.length} ${this.effects.runs} ${this.effects.events.length}`;
    let [before, since] = [seen(), performance.now()];
    await vi.waitFor(
      () => {
        if (seen() !== before) [before, since] = [seen(), performance.now()];
        expect(performance.now() - since).toBeGreaterThan(milliseconds);
      },
      { timeout: 30_000, interval: 20 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DockError("interrupted", "stop"));
    expect(await this.#end).toMatchObject({ code: "interrupted" });
    this.tree[Symbol.dispose]();
  }

  #onDisk(): object {
    const root = this.tree.at("site");
    if (!existsSync(root)) return {};
    const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && !entry.name.endsWith("~"),
    );
    return Object.fromEntries(
      entries.map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [`/srv${path.slice(root.length)}`, readFileSync(path, "utf8")];
      }),
    );
  }
}

/** Keeps the event loop from running, as a long synchronous work would. */
export function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}
