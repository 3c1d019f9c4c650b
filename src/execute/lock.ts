import { DockError } from "../error.ts";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../std/clock.ts";
import { sha256 } from "../std/digest.ts";
import { isListening, lockAddress, lockHolder, takeLock } from "./lock-address.ts";

/** What is locked: a project on an engine. */
export interface ProjectLock {
  readonly project: string;
  /** Identifies the engine. */
  readonly engineId: string;
  /** Told to whoever waits. */
  readonly file: string;
  readonly onWait: (message: string) => void;
  /** Milliseconds until waiting is given up. */
  readonly patience?: number;
  /** This machine's unless given. */
  readonly platform?: NodeJS.Platform;
}

const PATIENCE_MS = 600_000;
const RETRY_MS = 100;

/** Whether somebody holds the lock now. */
export async function isProjectLocked(lock: ProjectLock): Promise<boolean> {
  return isListening(await addressOf(lock));
}

async function addressOf({ engineId, project, platform }: ProjectLock): Promise<string> {
  return lockAddress(sha256(`${engineId}\n${project}`).slice(0, 24), platform ?? process.platform);
}

/**
 * Runs `work` as the only writer of a project on this machine. Another one is waited for, saying who it is; after the
 * patience it is a `locked` error. However its holder ends, the lock is free afterwards.
 */
export async function withProjectLock<T>(lock: ProjectLock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const address = await addressOf(lock);
  const until = systemClock.now() + (lock.patience ?? PATIENCE_MS);
  let told = false;
  for (;;) {
    const held = await takeLock(address, `process ${process.pid} (${lock.file})`);
    if (held) {
      try {
        return await work();
      } finally {
        await held.release();
      }
    }
    const holder = await lockHolder(address);
    if (systemClock.now() > until) {
      throw new DockError(
        "locked",
        `project ${lock.project} is being changed by ${holder ?? "another dock"}; nothing was touched`,
        {
          hint: "wait until it has finished, or end it",
        },
      );
    }
    if (!told && holder !== undefined) {
      lock.onWait(`waiting for ${holder}, which is changing project ${lock.project}`);
      told = true;
    }
    await delay(RETRY_MS, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}
