import { readFile } from "node:fs/promises";
import { patience } from "../execute/patience.ts";
import { runInContainer } from "../execute/run-in-container.ts";
import type { Engine } from "../engine/engine.ts";

/** A process that was started in a running container. */
export interface ExecProcess {
  /** The engine's id of it. */
  readonly exec: string;
  /** The container's full id. */
  readonly container: string;
}

/** How long the engine may take over it. */
const PATIENCE_MS = 10_000;

/**
 * Passes a signal on to a process in a container, for which the engine has no call: by its number on this machine, or
 * by a `kill` in the container. False when the process is out of reach, as on an engine elsewhere.
 */
export async function signalExec(engine: Engine, of: ExecProcess, name: NodeJS.Signals): Promise<boolean> {
  const signal = patience(PATIENCE_MS, `pass ${name} on`);
  const { running, pid } = await engine.execInspect(of.exec, signal);
  if (!running) return true;
  const inside = pid === undefined ? undefined : await numberInside(pid, of.container);
  if (pid === undefined || inside === undefined) return false;
  try {
    return process.kill(pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return true;
    if (code !== "EPERM") throw error;
  }
  const command = ["kill", "-s", name.replace(/^SIG/, ""), String(inside)];
  const { exitCode } = await runInContainer(engine, { container: of.container, command, user: "0" }, signal);
  return exitCode === 0;
}

/**
 * The number that a process of this machine has in its container; undefined when it is no process of that container:
 * the engine may be on another machine, where the number means another process.
 */
async function numberInside(pid: number, container: string): Promise<number | undefined> {
  try {
    const groups = await readFile(`/proc/${pid}/cgroup`, "utf8");
    if (!groups.includes(container)) return undefined;
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const numbers = /^NSpid:\s*(.+)$/m.exec(status)?.[1]?.trim().split(/\s+/);
    return numbers === undefined ? undefined : Number(numbers.at(-1));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
