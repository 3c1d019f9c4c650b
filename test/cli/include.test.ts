import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { commandLine, type CommandLine, IDLE, projectFile } from "../support/command-line.ts";

const DB = { ...IDLE, mounts: ["data:/data", "./conf:/conf"], environment: { LEVEL: "${LEVEL}" } };

async function planned(line: CommandLine): Promise<readonly string[]> {
  const { stdout } = await line.dock(["plan", "--json"]);
  return (JSON.parse(stdout) as { readonly actions: readonly { readonly id: string }[] }).actions.map(({ id }) => id);
}

describe("a project in several files", () => {
  commandLine("is the project that it was in one file, and no call more", async ({ line }) => {
    await mkdir(join(line.directory, "conf"));
    await line.write({
      "dock.yaml": projectFile({
        vars: { LEVEL: "1" },
        services: { web: { ...IDLE, depends_on: ["db"] }, db: DB },
        volumes: { data: {} },
      }),
    });
    await line.dock(["up", "-d"]);
    const calls = async (): Promise<number> => {
      const before = line.engine.requests.length;
      await line.dock(["up", "-d"]);
      return line.engine.requests.length - before;
    };
    const few = await calls();
    await line.write({
      "dock.yaml": projectFile({ include: ["db.yaml"], services: { web: { ...IDLE, depends_on: ["db"] } } }),
      "db.yaml": projectFile({ vars: { LEVEL: "1" }, services: { db: DB }, volumes: { data: {} } }),
    });
    expect(await planned(line)).toEqual([]);
    expect(await calls()).toBe(few);
    await line.write({
      "db.yaml": projectFile({ vars: { LEVEL: "2" }, services: { db: DB }, volumes: { data: {} } }),
    });
    expect(await planned(line)).toEqual(["container.replace service:db/1"]);
    expect((await line.dock(["explain", "db.yaml"])).stdout).toContain("is read by the project file");
    expect((await line.dock(["config", "--services"])).stdout).toBe("db\nweb\n");
    const { stdout } = await line.dock(["config", "--json"], { cwd: "conf" });
    expect(JSON.parse(stdout)).toMatchObject({
      services: { db: { environment: { LEVEL: "2" } } },
      files: ["dock.yaml", "db.yaml", ".env"].map((name) => join(line.directory, name)),
    });
  });

  commandLine("has its mistakes told by all commands where they stand", async ({ line }) => {
    await line.write({
      "dock.yaml": projectFile({ include: ["parts/db.yaml"], services: { web: IDLE } }),
      "parts/db.yaml": "services:\n  db:\n    imaeg: busybox\n",
    });
    const { stdout } = await line.dock(["validate", "--json"], { code: 2 });
    expect(JSON.parse(stdout)).toMatchObject({
      diagnostics: [expect.objectContaining({ file: "parts/db.yaml", line: 3, column: 5, code: "unknown-key" })],
    });
    const { stderr } = await line.dock(["up", "-d"], { code: 2 });
    expect(stderr).toContain("parts/db.yaml:3:5 error unknown key `imaeg` in `db`");
    expect(stderr).toContain("   3 │     imaeg: busybox\n     │     ^^^^^");
    expect(line.engine.mutations).toEqual([]);
  });
});
