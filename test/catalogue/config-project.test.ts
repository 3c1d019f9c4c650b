import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { EngineTap } from "../support/engine-tap.ts";
import { mistakes, refused } from "../support/refusal.ts";

const GOOD = projectFile({ services: { web: IDLE } });

describe("what the parts of a project say about each other and about the machine:", () => {
  commandLine("C11 circles and unknown names are shown as they run", async ({ line }) => {
    const service = (...needs: readonly string[]): object => ({ ...IDLE, depends_on: needs });
    const circle = await refused(
      line,
      projectFile({ services: { a: service("b"), b: service("c"), c: service("a") } }),
    );
    expect(circle.stderr).toContain("a → b → c → a");
    const others = await refused(line, projectFile({ services: { self: service("self"), web: service("sefl") } }));
    expect(others.stderr).toMatch(/a service can't wait for itself[^]*did you mean `self`/);
    await line.write({ "a/Dockerfile": "FROM b\n", "b/Dockerfile": "FROM scratch\nCOPY --from=a / /\n" });
    const images = await refused(
      line,
      projectFile({ images: { a: "./a", b: "./b" }, services: { web: { image: "a" } } }),
    );
    expect(images.stderr).toMatch(/a → b → a|b → a → b/);
  });

  commandLine("C12 a host port is given to one container only, and both lines are shown", async ({ line }) => {
    const two = (one: string, other: string): string =>
      projectFile({ services: { a: { ...IDLE, ports: [one] }, b: { ...IDLE, ports: [other] } } });
    const clashes: readonly [string, string][] = [
      ["8080:80", "8080:81"],
      ["8080:80", "0.0.0.0:8080:80"],
      ["0.0.0.0:8080:80", "127.0.0.2:8080:80"],
      ["8000-8010:8000-8010", "8005:80"],
      ["53:53/udp", "53:54/udp"],
      ["[::]:8080:80", "[::1]:8080:80"],
    ];
    for (const [one, other] of clashes) {
      const { stderr } = await refused(line, two(one, other));
      expect(stderr, `${one} and ${other}`).toMatch(
        /dock\.yaml:\d+:\d+ error this host port is taken by `a` already[^]*the other port/,
      );
    }
    const peaceful: readonly [string, string][] = [
      ["53:53/udp", "53:53/tcp"],
      ["127.0.0.1:8080:80", "127.0.0.2:8080:80"],
      ["127.0.0.1:8080:80", "[::1]:8080:80"],
      ["80", "80"],
    ];
    for (const [one, other] of peaceful) {
      await line.write({ "dock.yaml": two(one, other) });
      await line.dock(["validate"]);
    }
  });

  commandLine(
    "C13 two images with one tag and two containers with one name are refused, whatever the case",
    async ({ line }) => {
      const tags = await refused(line, projectFile({ images: { a: { tags: ["app"] }, b: { tags: ["app:latest"] } } }));
      expect(tags.stderr).toContain("have a tag in common");
      const named = (container_name: string): object => ({ ...IDLE, container_name });
      const names = await refused(
        line,
        projectFile({ services: { a: named("front"), b: named("Front"), c: named("shop-d-1"), d: IDLE } }),
      );
      expect(mistakes(names)).toHaveLength(2);
      expect((await refused(line, projectFile({ services: { web: IDLE, Web: IDLE } }))).stderr).toContain(
        "did you mean `web`?",
      );
    },
  );

  commandLine("C14 names that no path or terminal is safe with are refused and shown harmlessly", async ({ line }) => {
    const names = [
      "wéb",
      "w\u202Eeb",
      "🐳",
      "x".repeat(300),
      "-web",
      "../x",
      "a?force=1",
      "a/b",
      "a b",
      "",
      ".",
      "%2e%2e",
    ];
    for (const name of names) {
      const { stderr } = await refused(line, projectFile({ services: { [name]: IDLE } }));
      expect(mistakes({ code: 2, stdout: "", stderr }), name).toHaveLength(1);
      expect(stderr).not.toMatch(/\p{Bidi_C}/u);
    }
    const project = await line.dock(["up", "-d", "-p", "../shop"], { code: 2 });
    expect(project.stderr).toContain("../shop");
  });

  commandLine("C15 line ends, a byte order mark and a missing last line end change nothing", async ({ line }) => {
    const text =
      "services:\n  web:\n    image: busybox\n    command: [sleep, '3600']\n    environment:\n      A: |\n        one\n        two\n";
    await line.write({ "dock.yaml": text });
    await line.dock(["up", "-d"]);
    for (const same of [text.replaceAll("\n", "\r\n"), `\uFEFF${text}`, text.slice(0, -1) + "\n# end"]) {
      await line.write({ "dock.yaml": same });
      await line.dock(["plan", "--detailed-exitcode"]);
    }
    for (const [bytes, message] of [
      [Buffer.from(`\uFEFF${text}`, "utf16le"), /UTF-16/],
      [Buffer.concat([Buffer.from(text), Buffer.from([0xc3, 0x28])]), /not valid UTF-8/],
    ] as const) {
      expect((await refused(line, bytes)).stderr).toMatch(message);
    }
  });

  commandLine(
    "C16 mounts of all of the machine are flagged, and what is not there is an error before anything is made",
    async ({ line }) => {
      await mkdir(join(line.root, "beside"));
      // Stands for the engine's own socket, which is not on every machine.
      await line.write({ "docker.sock": "" });
      const mounts = ["/:/host", "./docker.sock:/run/docker.sock", "~:/home/me", "/etc:/conf", "../beside:/beside"];
      await line.write({
        "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts }, root: { ...IDLE, privileged: true } } }),
      });
      const risky = await line.dock(["validate"]);
      expect(risky.stderr.match(/^dock\.yaml:\d+:\d+ warning .*grants root on this host/gm)).toHaveLength(4);
      expect(risky.stderr).toMatch(/ warning .*home directory/);
      const config = await line.dock(["config"]);
      expect(config.stdout).toContain(`source: ${join(line.root, "beside")}\n`);
      await line.dock(["up", "-d", "--strict"], { code: 2 });
      expect(line.engine.requests).toEqual([]);
      const gone = await refused(
        line,
        projectFile({ services: { web: { ...IDLE, mounts: ["./nowhere:/x"] } }, images: { a: "./nowhere" } }),
      );
      expect(gone.stderr).toContain(join(line.directory, "nowhere"));
    },
  );

  commandLine("C16 a link to the engine's socket is as much as the socket", async ({ line }) => {
    await symlink("/", join(line.directory, "everything"));
    await line.write({ "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts: ["./everything:/x"] } } }) });
    expect((await line.dock(["plan"])).stderr).toContain("grants root on this host");
  });

  commandLine(
    "C17 variables are put into values once, as they are, and no message shows what they hold",
    async ({ line }) => {
      const env = { MULTI: "one\ntwo: 3 # four", NESTED: "${SECRET}", SECRET: "hunter2-hunter2", EMPTY: "" };
      const environment = {
        A: "${MULTI}",
        B: "${NESTED}",
        C: "$$HOME",
        D: "${NONE:-x}",
        E: "${EMPTY:-y}",
        F: "${EMPTY-z}",
        G: "${NONE:-${SECRET}}",
      };
      await line.write({ "dock.yaml": projectFile({ services: { web: { ...IDLE, environment } } }) });
      await line.dock(["up", "-d"], { env });
      expect(line.engine.container("shop-web-1").body.Env).toEqual([
        "A=one\ntwo: 3 # four",
        "B=${SECRET}",
        "C=$HOME",
        "D=x",
        "E=y",
        "F=",
        "G=hunter2-hunter2",
      ]);
      const bad = {
        ...IDLE,
        environment: { A: "${NONE}", B: "cost: 5$" },
        ports: ["${SECRET}"],
        restart: "${SECRET}",
        scale: "${SECRET}",
      };
      const finished = await refused(line, projectFile({ services: { web: bad } }), { env });
      expect(mistakes(finished)).toHaveLength(5);
      expect(finished.stderr).toContain("the variable `NONE` is not set");
      expect(finished.stderr).not.toContain("hunter2");
    },
  );

  commandLine(
    "C18 what .env holds comes out as its grammar says, and its mistakes don't show values",
    async ({ line }) => {
      const lines = [
        "export A=plain",
        "B='single $A'",
        'C="double $A \\"q\\"\\n"',
        "D=a#b # comment",
        "E=",
        "A=last",
        "F=$A",
        'G="two',
        'lines"',
      ];
      await line.write({
        ".env": lines.join("\r\n"),
        "dock.yaml": projectFile({
          services: {
            web: { ...IDLE, environment: Object.fromEntries("ABCDEFG".split("").map((name) => [name, `\${${name}}`])) },
          },
        }),
      });
      await line.dock(["up", "-d"]);
      expect(line.engine.container("shop-web-1").body.Env).toEqual([
        "A=last",
        "B=single $A",
        'C=double $A "q"\n',
        "D=a#b",
        "E=",
        "F=$A",
        "G=two\nlines",
      ]);
      await line.write({ ".env": 'A=1\nTOKEN hunter2\nB="hunter2\n' });
      const finished = await line.dock(["up", "-d"], { code: 2 });
      expect(finished.stderr).toMatch(/^\.env:2:1 error/);
      expect(finished.stderr.replaceAll(/^ +\d+ │.*$/gm, "")).not.toContain("hunter2");
    },
  );

  commandLine("C19 the file is read once: what becomes of it during a run changes nothing", async ({ line }) => {
    await line.write({ "dock.yaml": GOOD });
    let first = true;
    await using tap = await EngineTap.start(line.engine.socketPath, async () => {
      if (first) await line.write({ "dock.yaml": projectFile({ services: { other: IDLE } }), ".env": "A=1\n" });
      else await rm(join(line.directory, "dock.yaml"), { force: true });
      first = false;
      return undefined;
    });
    await line.dock(["up", "-d"], { host: tap.host });
    expect(line.engine.world.containers.map(({ name }) => name)).toEqual(["shop-web-1"]);
  });

  commandLine("C19 what is no regular file is refused without waiting on it", async ({ line }) => {
    await mkdir(join(line.directory, "dock.yaml"));
    expect((await line.dock(["up"], { code: 2 })).stderr).toContain("dock.yaml is a directory");
    execFileSync("mkfifo", [join(line.directory, "fifo")]);
    await symlink("loop", join(line.directory, "loop"));
    for (const [file, why] of [
      ["fifo", "no regular file"],
      ["/dev/zero", "no regular file"],
      ["loop", "can't be read"],
    ] as const)
      expect((await line.dock(["-f", file, "up"], { code: 2 })).stderr).toContain(why);
    expect(line.engine.requests).toEqual([]);
  });
});
