/** Milliseconds after which directories that appeared are looked into once more: they may have been filled unwatched. */
const SECOND_LOOK_MS = 500;

/** Directories that appeared lately and are to be looked into once more. */
export class SecondLook {
  readonly #directories = new Set<string>();
  #dueAt: number | undefined;

  /** On the watch's clock; undefined when there are none. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  add(directories: readonly string[], now: number): void {
    if (directories.length === 0) return;
    this.#dueAt ??= now + SECOND_LOOK_MS;
    for (const directory of directories) this.#directories.add(directory);
  }

  /** Those that there are, which are forgotten with that. */
  take(): readonly string[] {
    const taken = [...this.#directories];
    this.#directories.clear();
    this.#dueAt = undefined;
    return taken;
  }
}
