import { lstatSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/** Milliseconds that a lock of git is waited for; one that lies there for longer was left behind. */
const PATIENCE_MS = 10_000;

/** Milliseconds between looks at a lock that is held. */
const POLL_MS = 50;

/** Milliseconds of quiet after git has let go of its lock. */
const SETTLE_MS = 200;

/** Milliseconds between a switch of branches and the batch that is named after it. */
const RECENT_MS = 5000;

/** A branch, or the short id of a commit, before and after. */
export interface BranchSwitch {
  readonly from: string;
  readonly to: string;
}

interface Repository {
  /** Where `HEAD` and `index.lock` are. */
  readonly gitDirectory: string;
  head: string | undefined;
  /** When its lock was first seen; undefined while there is none. */
  lockedSince: number | undefined;
}

/**
 * The git repositories that watched places belong to: while git is at work in one, nothing is looked at, so that a
 * switch of branches is one batch and not a build of something in between.
 */
export class Repositories {
  #repositories: readonly Repository[] = [];
  #openAt = 0;

  /** Looks for the repositories of these directories. */
  cover(directories: readonly string[]): void {
    const found = new Set(directories.flatMap((directory) => gitDirectoryOf(directory) ?? []));
    const known = new Map(this.#repositories.map((each) => [each.gitDirectory, each]));
    this.#repositories = [...found].map(
      (gitDirectory) => known.get(gitDirectory) ?? { gitDirectory, head: headOf(gitDirectory), lockedSince: undefined },
    );
  }

  /** When things may be looked at: `now` or before it unless git holds, or just held, a lock. */
  openAt(now: number): number {
    for (const repository of this.#repositories) {
      const locked = isThere(join(repository.gitDirectory, "index.lock"));
      if (!locked) {
        if (repository.lockedSince !== undefined) this.#openAt = Math.max(this.#openAt, now + SETTLE_MS);
        repository.lockedSince = undefined;
        continue;
      }
      repository.lockedSince ??= now;
      if (now - repository.lockedSince < PATIENCE_MS) this.#openAt = Math.max(this.#openAt, now + POLL_MS);
    }
    return this.#openAt;
  }

  /** Whether another branch was checked out since the last call, and a moment ago. */
  switched(): BranchSwitch | undefined {
    let found: BranchSwitch | undefined;
    for (const repository of this.#repositories) {
      const { head: from, gitDirectory } = repository;
      const to = headOf(gitDirectory);
      repository.head = to;
      if (from === undefined || to === undefined || from === to) continue;
      if (Date.now() - changedAt(join(gitDirectory, "HEAD")) < RECENT_MS) found ??= { from, to };
    }
    return found;
  }
}

/** The nearest repository's own directory; undefined outside of one. A work tree has a file that names it. */
function gitDirectoryOf(directory: string): string | undefined {
  for (let place = directory; ; place = dirname(place)) {
    const git = join(place, ".git");
    const stats = statSync(git, { throwIfNoEntry: false });
    if (stats?.isDirectory()) return git;
    const named = stats?.isFile() ? /^gitdir: (.+)$/m.exec(readText(git) ?? "")?.[1] : undefined;
    if (named !== undefined) return isAbsolute(named) ? named : join(place, named);
    if (place === dirname(place)) return undefined;
  }
}

function headOf(gitDirectory: string): string | undefined {
  const text = readText(join(gitDirectory, "HEAD"))?.trim();
  const branch = text === undefined ? undefined : /^ref: refs\/heads\/(.+)$/.exec(text)?.[1];
  return branch ?? (text !== undefined && /^[0-9a-f]{40,}$/.test(text) ? text.slice(0, 7) : undefined);
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
