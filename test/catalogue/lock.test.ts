import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockAddress, lockHolder, takeLock } from "../../src/execute/lock-address.ts";
import { type ProjectLock, withProjectLock } from "../../src/execute/lock.ts";
import { DockError } from "../../src/error.ts";

/** The ways in which a lock is held on different systems, as far as this one has them. */
const PLATFORMS: readonly NodeJS.Platform[] = process.platform === "linux" ? ["linux", "darwin"] : [process.platform];

let count = 0;
function lockOf(platform: NodeJS.Platform, more: Partial<ProjectLock> = {}): ProjectLock {
  count += 1;
  return {
    project: `shop-${process.pid}-${count}`,
    engineId: "test",
    file: "/shop/dock.yaml",
    platform,
    onWait: () => undefined,
    ...more,
  };
}

const { TMPDIR } = process.env;
let temporary = "";
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "dock-lock-"));
  process.env["TMPDIR"] = temporary;
});
afterAll(async () => {
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  await rm(temporary, { recursive: true });
});

const never = new AbortController().signal;

describe.each(PLATFORMS)("the lock of a project, as on %s", (platform) => {
  test("K1 lets one work at a time, and tells the others who it is", async () => {
    const told: string[] = [];
    const lock = lockOf(platform, { onWait: (message) => told.push(message) });
    let working = 0;
    const most: number[] = [];
    const work = async (): Promise<void> => {
      working += 1;
      most.push(working);
      await new Promise((resolve) => setTimeout(resolve, 20));
      working -= 1;
    };
    await Promise.all([1, 2, 3].map(async () => withProjectLock(lock, never, work)));
    expect(most).toEqual([1, 1, 1]);
    expect(told).toContain(
      `waiting for process ${process.pid} (/shop/dock.yaml), which is changing project ${lock.project}`,
    );
  });

  test("K3 is free again when its holder was killed", async () => {
    const address = await lockAddress(`test-${process.pid}-${platform}`, platform);
    const script = `require("net").createServer((s) => s.on("error", () => {}).end("a killed one")).listen(${JSON.stringify(address)}, () => console.log("held"))`;
    const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    expect(await takeLock(address, "another")).toBeUndefined();
    expect(await lockHolder(address)).toBe("a killed one");
    holder.kill("SIGKILL");
    await once(holder, "close");
    const held = await takeLock(address, "another");
    expect(await lockHolder(address)).toBe("another");
    await held?.release();
    expect(await lockHolder(address)).toBeUndefined();
  });

  test("K3 is let go although somebody who asked never hangs up", async () => {
    const address = await lockAddress(`deaf-${process.pid}-${platform}`, platform);
    const held = await takeLock(address, "me");
    const asking = connect({ path: address, allowHalfOpen: true });
    await once(asking, "data");
    await held?.release();
    asking.destroy();
    const again = await takeLock(address, "me");
    expect(again).toBeDefined();
    await again?.release();
  });

  test("K3 is waited for as long as the patience lasts, and no longer than the run", async () => {
    const lock = lockOf(platform, { patience: 0 });
    const stop = new AbortController();
    await withProjectLock(lock, never, async () => {
      const refused = withProjectLock(lock, never, async () => undefined);
      await expect(refused).rejects.toThrow(/is being changed by process \d+ .*; nothing was touched/);
      await expect(refused).rejects.toBeInstanceOf(DockError);
      const waiting = withProjectLock({ ...lock, patience: 60_000 }, stop.signal, async () => undefined);
      stop.abort(new Error("interrupted"));
      await expect(waiting).rejects.toThrow("interrupted");
    });
  });
});

test("S16 where a lock is a file it lies in a directory of its user's own, and nobody else's directory is used", async () => {
  const directory = dirname(await lockAddress("mode", "darwin"));
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  await chmod(directory, 0o777);
  await expect(lockAddress("mode", "darwin")).rejects.toThrow(/is not this user's alone/);
});
