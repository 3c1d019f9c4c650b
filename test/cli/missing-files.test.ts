import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CommandLine, IDLE, projectFile } from "../support/command-line.ts";

interface Row {
  readonly service: string;
  readonly upToDate: boolean;
}

/** Three services that run; then the file names things that are not on the disk: a context, a bind source, an env file. */
async function strippedShop(): Promise<CommandLine> {
  const line = await CommandLine.begin();
  await line.write({
    "dock.yaml": projectFile({ services: { web: IDLE, db: IDLE, mail: IDLE, cache: IDLE } }),
  });
  await line.dock(["up", "-d"]);
  await line.write({
    "dock.yaml": projectFile({
      services: {
        web: { build: "./web", command: ["sleep", "3600"] },
        db: { ...IDLE, mounts: ["./data:/data"], secrets: ["token"] },
        mail: { ...IDLE, dev: { mounts: ["./mail:/mail"] }, env_file: "mail.env" },
        cache: IDLE,
      },
      secrets: { token: { file: "token.txt" } },
    }),
  });
  return line;
}

describe("where what the project file names is not on the disk", () => {
  test("commands that need no more than names do what they always do", async () => {
    await using line = await strippedShop();
    await line.dock(["up", "-d"], { code: 2 });
    const target = join(line.root, "copied");
    await writeFile(target, "x");
    for (const args of [
      ["ps"],
      ["ls"],
      ["images"],
      ["logs"],
      ["port", "cache"],
      ["cp", target, "web:/tmp/copied"],
      ["plan", "--down"],
      ["config"],
      ["kill", "-s", "HUP", "mail"],
      ["restart", "web", "db"],
      ["stop", "-t", "0"],
      ["start", "web"],
      ["kill"],
      ["down", "-v", "--rmi"],
    ]) {
      const { code, stdout, stderr } = await line.run(args);
      const about = `$ dock ${args.join(" ")}\n${stdout}${stderr}`;
      if (args[0] === "port") expect(stderr, about).toContain("publishes no port");
      else expect(code, about).toBe(0);
    }
    expect(line.engine.world.containers).toEqual([]);
  });

  test("ps compares what can be compared, and says why it does not compare the rest", async () => {
    await using line = await strippedShop();
    const { stdout, stderr } = await line.dock(["ps", "--json"]);
    const rows = (JSON.parse(stdout) as readonly Row[]).map(
      ({ service, upToDate }) => `${service} ${String(upToDate)}`,
    );
    expect(rows).toEqual(["cache true", "db false", "mail false", "web false"]);
    for (const [service, reason] of [
      ["web", `the context of image web, ${join(line.directory, "web")}, does not exist`],
      ["db", `service db mounts ${join(line.directory, "data")}, which does not exist`],
      ["mail", `service mail mounts ${join(line.directory, "mail")}, which does not exist`],
    ])
      expect(stderr).toContain(`${service} can't be compared with the project file: ${reason}`);
    await line.write({ "web/Dockerfile": "FROM base\nCOPY --from=other / /\n", "mail/x": "", "mail.env": "" });
    await rm(join(line.directory, "dock.yaml"));
    await line.write({
      "dock.yaml": projectFile({
        services: { web: { build: "./web" }, mail: { ...IDLE, env_file: "mail.env" }, cache: IDLE },
        images: { base: { context: "./gone" } },
      }),
    });
    const again = await line.dock(["ps", "--json"]);
    expect(JSON.parse(again.stdout)).toContainEqual(expect.objectContaining({ service: "cache", upToDate: true }));
    expect(JSON.parse(again.stdout)).toContainEqual(expect.objectContaining({ service: "web", upToDate: false }));
    expect(again.stderr).toMatch(/web can't be compared with the project file: image base: there is no Dockerfile at/);
  });
});
