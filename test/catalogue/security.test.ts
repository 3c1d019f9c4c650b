import { readdirSync, readFileSync } from "node:fs";
import { rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { localSource } from "../../src/context/send.ts";
import { route } from "../../src/engine/route.ts";
import { DockError } from "../../src/error.ts";
import { commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { EngineTap } from "../support/engine-tap.ts";
import { freePort } from "../support/scenario.ts";
import type { Finished } from "../support/scenario-process.ts";
import { SAFE_OUTPUT } from "../ui/hostile-text.ts";

/** What terminals obey, and what CI systems take for commands. */
const HOSTILE = [
  "\x1b[2J\x1b[Hcleared",
  "\x1b]0;title\x07",
  "\x1b_apc\x1b\\",
  "\x9d0;c1\x9c",
  "over\rwritten",
  "back\b\b\b\bspace",
  "user\u202Egnp.exe",
  "nul\0",
  "::error::from a container",
  "##vso[task.setvariable]from a container",
];

function expectHarmless({ stdout, stderr }: Finished): void {
  for (const text of [stdout, stderr]) {
    expect(text).toMatch(SAFE_OUTPUT);
    expect(text.split("\n").filter((line) => /^\s*(::|##vso\[)/.test(line))).toEqual([]);
  }
}

describe("what containers, engines and files say", () => {
  commandLine("S6 S7 moves no terminal and commands no CI, in logs, in errors and in names", async ({ line }) => {
    await line.write({ "dock.yaml": projectFile({ services: { web: IDLE } }) });
    await line.dock(["up", "-d"]);
    for (const [index, text] of HOSTILE.entries()) line.engine.print("shop-web-1", text, index % 2 === 0 ? 1 : 2);
    const logs = await line.dock(["logs"]);
    expectHarmless(logs);
    expect(logs.stdout + logs.stderr).toMatch(/web-1 +\| ::error::from a container/);
    expectHarmless(await line.dock(["logs", "--json"]));
    line.engine.addImage({ tags: ["loud:latest"], behavior: { exits: { code: 1 }, output: HOSTILE } });
    await line.write({ "dock.yaml": projectFile({ services: { web: { image: "loud" } } }) });
    expectHarmless(await line.dock(["up", "-d"], { code: 5 }));
    const message = `no: ${HOSTILE.join("\n")}`;
    await using tap = await EngineTap.start(line.engine.socketPath, ({ path }) =>
      path === "/containers/create" ? { status: 500, body: JSON.stringify({ message }) } : undefined,
    );
    await line.dock(["down"]);
    expectHarmless(await line.dock(["up", "-d"], { host: tap.host, code: 1 }));
    const mounts = HOSTILE.filter((text) => !text.includes("\0")).map(
      (text, index) => `./${text.replaceAll(":", "")}:/m${index}`,
    );
    await line.write({ "dock.yaml": `services: { web: { image: busybox, mounts: ${JSON.stringify(mounts)} } }` });
    expectHarmless(await line.dock(["up", "-d"], { code: 2 }));
  });

  commandLine("S6 file names of a context are shown harmlessly", async ({ line }) => {
    const names = HOSTILE.filter((text) => !text.includes("\0")).map((text) => text.replaceAll("/", "_"));
    await line.write({
      "dock.yaml": projectFile({ images: { app: "./app" } }),
      "app/Dockerfile": "FROM busybox\nCOPY . .\n",
      ...Object.fromEntries(names.map((name) => [`app/${name}`, "x"])),
    });
    const listed = await line.dock(["context", "app"]);
    expectHarmless(listed);
    expect(listed.stdout).toContain("^[[2J^[[Hcleared");
  });
});

describe("what services get", () => {
  commandLine(
    "S5 ports are published on this machine's own address unless another is written, which the plan shows",
    async ({ line }) => {
      const [own, open, long] = [await freePort(), await freePort(), await freePort()];
      const ports = [`${own}:80`, `0.0.0.0:${open}:81`, { target: 82, published: long }];
      await line.write({ "dock.yaml": projectFile({ services: { web: { ...IDLE, ports } } }) });
      const exposed = `service web publishes port ${open} of 0.0.0.0 (its 81), which other machines can reach\n`;
      expect((await line.dock(["plan"])).stderr).toBe(exposed);
      const up = await line.dock(["up", "-d"]);
      expect(up.stderr).toContain(exposed);
      expect(up.stderr.match(/publishes/g)).toHaveLength(1);
      const binds = line.engine.container("shop-web-1").body.HostConfig.PortBindings;
      expect(binds).toEqual({
        "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(own) }],
        "81/tcp": [{ HostIp: "0.0.0.0", HostPort: String(open) }],
        "82/tcp": [{ HostIp: "127.0.0.1", HostPort: String(long) }],
      });
      expect((await line.dock(["up", "-d"])).stderr).not.toContain(exposed);
    },
  );

  commandLine("S13 environment and command reach the container byte for byte", async ({ line }) => {
    const odd = ["; rm -rf /", "$(id)", "`id`", "a\nb", "'\"", "\\", "*", " ", "", "ä€😀", "%2e", "-n", "&&", "\t|"];
    const environment = Object.fromEntries(odd.map((text, index) => [`V${index}`, text]));
    const escaped = (text: string): string => text.replaceAll("$", "$$$$");
    const web = {
      ...IDLE,
      command: odd.map(escaped),
      environment: Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, escaped(text)])),
    };
    await line.write({ "dock.yaml": projectFile({ services: { web } }) });
    await line.dock(["up", "-d"]);
    const { body } = line.engine.container("shop-web-1");
    expect(body.Cmd).toEqual(odd);
    expect(body.Env).toEqual(odd.map((text, index) => `V${index}=${text}`));
  });

  commandLine(
    "S15 what grants root is flagged with its place, --strict refuses it, and dock adds none of it",
    async ({ line }) => {
      // Stands for the engine's own socket, which is not on every machine.
      await line.write({ "docker.sock": "" });
      const mounts = ["./docker.sock:/var/run/docker.sock", "/:/host:ro"];
      const services = { web: { ...IDLE, mounts, privileged: true, cap_add: ["SYS_ADMIN", "NET_ADMIN"] }, plain: IDLE };
      await line.write({ "dock.yaml": projectFile({ services }) });
      const plan = await line.dock(["plan"]);
      expect(plan.stderr.match(/^dock\.yaml:\d+:\d+ warning .*grants root on this host/gm)).toHaveLength(4);
      await line.dock(["plan", "--strict"], { code: 2 });
      await line.write({ "dock.yaml": projectFile({ services: { plain: IDLE } }) });
      await line.dock(["up", "-d", "--strict"]);
      const { body } = line.engine.container("shop-plain-1");
      expect({ ...body.HostConfig, mounts: body.HostConfig.Mounts }).toMatchObject({ mounts: [] });
      expect(body.HostConfig).not.toMatchObject({ Privileged: true });
    },
  );
});

describe("what dock reads and sends", () => {
  commandLine("S9 patterns that make others hang cost nothing", async ({ line }) => {
    const patterns = [
      "*a".repeat(20) + "b",
      "**/".repeat(30) + "x",
      `${"*a*".repeat(15)}?`,
      "[a-z]*".repeat(15) + "!",
      "a".repeat(5000),
    ];
    await line.write({
      "dock.yaml": projectFile({ images: { app: "./app" } }),
      "app/Dockerfile": `FROM busybox\n${patterns.map((pattern) => `COPY ${pattern} /x/\n`).join("")}`,
      "app/.dockerignore": `${patterns.join("\n")}\n`,
      [`app/${"a".repeat(250)}`]: "x",
      [`app/${"a/".repeat(60)}c`]: "x",
    });
    const start = performance.now();
    const { files } = JSON.parse((await line.dock(["context", "app", "--json"])).stdout) as {
      files: { path: string }[];
    };
    expect(files.map(({ path }) => path)).toContain(`${"a/".repeat(60)}c`);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  commandLine(
    "S10 a context holds nothing from outside: links stay links, and a file that becomes one is not sent",
    async ({ line }) => {
      const app = join(line.directory, "app");
      await line.write({
        "dock.yaml": projectFile({ images: { app: "./app" } }),
        secret: "from outside",
        "app/Dockerfile": "FROM busybox\nCOPY . .\n",
        "app/plain": "inside",
        "app/dir/plain": "inside",
      });
      await symlink("../secret", join(app, "link"));
      await symlink("/etc", join(app, "etc"));
      const listed = JSON.parse((await line.dock(["context", "app", "--json"])).stdout) as {
        files: { path: string }[];
      };
      expect(listed.files.map(({ path }) => path)).toEqual(["Dockerfile", "dir/plain", "etc", "link", "plain"]);
      const source = localSource(app);
      const entries: { path: string; kind: string }[] = [];
      for await (const batch of source.entries({ include: [], exclude: [], followPaths: [] }))
        entries.push(...batch.map(({ path, kind }) => ({ path, kind })));
      expect(entries.filter(({ kind }) => kind === "symlink").map(({ path }) => path)).toEqual(["etc", "link"]);
      expect(entries.every(({ path }) => !path.startsWith("/") && !path.split("/").includes(".."))).toBe(true);
      await rename(join(app, "plain"), join(app, "gone"));
      await symlink("../secret", join(app, "plain"));
      await rename(join(app, "dir"), join(app, "gone-dir"));
      await symlink("..", join(app, "dir"));
      await writeFile(join(line.directory, "plain"), "from outside");
      for (const path of ["plain", "dir/plain"]) {
        const read = async (): Promise<string> => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of source.read(path)) chunks.push(chunk);
          return Buffer.concat(chunks).toString();
        };
        expect(await read().catch((error: unknown) => String(error))).not.toContain("from outside");
      }
    },
  );

  test("S13 no shell is ever asked: programs are started from lists of words", () => {
    const root = new URL("../../src/", import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const starting = files.filter((file) => readFileSync(new URL(file, root), "utf8").includes("child_process"));
    expect(starting.sort()).toEqual(["cli/watch-console.ts", "engine/auth.ts", "engine/ssh-connection.ts"]);
    for (const file of starting) {
      const text = readFileSync(new URL(file, root), "utf8");
      expect(text).toMatch(/import \{[^}]*\bspawn \} from "node:child_process"/);
      expect(text).not.toMatch(/shell:/);
    }
  });

  test("S14 a path of the engine's API has what it was made for, whatever stands in it, or is not made", () => {
    const values = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "../images",
        "a/../b",
        "a?force=1",
        "a#b",
        "..",
        ".",
        "",
        "a//b",
        "%2e%2e",
        "a\\b",
        "a b",
        "\n",
        "ä",
      ),
    );
    fc.assert(
      fc.property(values, (value) => {
        let path: string;
        try {
          path = route`/containers/${value}/json`;
        } catch (error) {
          expect(error).toBeInstanceOf(DockError);
          return;
        }
        const url = new URL(`http://engine${path}`);
        expect(url.pathname + url.search + url.hash).toBe(path);
        expect(decodeURIComponent(path)).toBe(`/containers/${value}/json`);
        expect(path.split("/").length - value.split("/").length).toBe(3);
      }),
    );
  });
});
