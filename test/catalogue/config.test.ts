import { describe, expect } from "vitest";
import { commandLine, projectFile, IDLE } from "../support/command-line.ts";
import { mistakes, refused } from "../support/refusal.ts";

const GOOD = projectFile({ services: { web: IDLE } });

describe("what stands in the project file:", () => {
  commandLine("C1 a file that is not there or says nothing is an error that names the place", async ({ line }) => {
    const missing = await line.dock(["up", "-d"], { code: 2 });
    expect(missing.stderr).toContain(`no dock.yaml found in ${line.directory} or any parent`);
    const nothing = [
      "",
      "# only a comment\n",
      "null\n",
      "---\n",
      "{}\n",
      "services: {}\n",
      "- web\n",
      "web\n",
      "x-a: 1\n",
    ];
    for (const text of nothing) {
      const { stderr } = await refused(line, text);
      expect(stderr, JSON.stringify(text)).toMatch(/^dock\.yaml:1:\d+ error /);
    }
  });

  commandLine("C2 broken YAML is shown with its line and a caret, and no stack", async ({ line }) => {
    const broken: readonly [string, RegExp][] = [
      ["services:\n\tweb: {}\n", /^dock\.yaml:2:1 error tabs .*\n +2 │ .*\n +│ \^/],
      ['services:\n  web: { image: "busybox }\n', /^dock\.yaml:\d:\d+ error .*quoted text is not closed/],
      [`${GOOD}---\n${GOOD}`, /^dock\.yaml:\d+:1 error .*a second one starts here/],
      ["services: { web: { image: a\0b } }\n", /^dock\.yaml:1:28 error .*U\+0000/],
      ["services: { web: [ }\n", /^dock\.yaml:1:\d+ error /],
      ["services:\n  web:\n   image: a\n  command: b\n image: c\n", /^dock\.yaml:\d:\d+ error /],
    ];
    for (const [text, shown] of broken) expect((await refused(line, text)).stderr, text).toMatch(shown);
  });

  commandLine("C3 an unknown key is refused at every level, with the key that was meant", async ({ line }) => {
    const text = [
      "servics: {}",
      "services:",
      "  web:",
      "    image: busybox",
      "    enviroment: { A: 1 }",
      "    dev: { mount: [] }",
      "    healthcheck: { test: [CMD, x], intervall: 3s }",
      "images: { app: { contxt: . } }",
      "networks: { back: { internals: true } }",
      "volumes: { data: { drvier: local } }",
    ].join("\n");
    const finished = await refused(line, text);
    const meant = ["services", "environment", "mounts", "interval", "context", "internal", "driver"];
    expect(finished.stderr.match(/did you mean `\w+`\?/g)).toEqual(meant.map((key) => `did you mean \`${key}\`?`));
    expect(mistakes(finished)).toHaveLength(meant.length);
  });

  commandLine("C4 wrong types are reported one by one and all at once", async ({ line }) => {
    const wrong = {
      name: ["shop"],
      services: {
        web: { image: 7, ports: 80, scale: "two", environment: 3, privileged: "yes", healthcheck: [], command: true },
        db: [],
      },
      networks: "none",
    };
    const finished = await refused(line, projectFile(wrong));
    expect(mistakes(finished)).toHaveLength(10);
    expect(finished.stderr).toContain("10 errors in dock.yaml");
  });

  commandLine("C5 duplicate keys and keys that are no strings are refused, not made strings", async ({ line }) => {
    const text = "services:\n  web: { image: a, image: b }\n  web: {}\n1: x\ntrue: y\nnull: v\n? [z]\n: w\n1.5: u\n";
    const finished = await refused(line, text);
    const places = mistakes(finished).map((mistake) => mistake.split(" error ")[0]);
    expect(places).toEqual([
      "dock.yaml:2:20",
      "dock.yaml:3:3",
      "dock.yaml:4:1",
      "dock.yaml:5:1",
      "dock.yaml:6:1",
      "dock.yaml:7:3",
      "dock.yaml:9:1",
    ]);
  });

  commandLine("C6 merge keys are followed; one that can't be says so", async ({ line }) => {
    await line.write({
      "dock.yaml":
        "x-base: &base { image: busybox, environment: { A: 1 } }\nservices:\n  web: { <<: *base, hostname: w }\n",
    });
    const config = await line.dock(["config", "--json"]);
    expect(JSON.parse(config.stdout)).toMatchObject({
      services: { web: { image: { ref: "busybox:latest" }, environment: { A: "1" }, hostname: "w" } },
    });
    const { stderr } = await refused(line, "x-base: &base nginx\nservices:\n  web: { <<: *base, image: busybox }\n");
    expect(stderr).toMatch(/`<<` takes a map/);
    expect(stderr).not.toContain("unknown key");
  });

  commandLine("C7 what YAML 1.1 would have changed reaches the container as it is written", async ({ line }) => {
    const text = [
      "services:",
      "  web:",
      "    image: busybox",
      "    ports: [22:22]",
      "    environment: { A: no, B: on, C: 010, D: 1.10, E: 12345678901234567890, F: 0o17, G: 1e3, H: 12:30:00 }",
    ].join("\n");
    await line.write({ "dock.yaml": text });
    await line.dock(["up", "-d"]);
    const { body } = line.engine.container("shop-web-1");
    expect(body.Env).toEqual([
      "A=no",
      "B=on",
      "C=010",
      "D=1.10",
      "E=12345678901234567890",
      "F=0o17",
      "G=1e3",
      "H=12:30:00",
    ]);
    expect(body.HostConfig.PortBindings).toEqual({ "22/tcp": [{ HostIp: "127.0.0.1", HostPort: "22" }] });
    const finished = await refused(
      line,
      "images: { app: { context: ., tags: [1.10] } }\nservices: { web: { image: 1.27, scale: 1.5 } }\n",
    );
    expect(mistakes(finished)).toHaveLength(3);
    expect(finished.stderr).toContain('hint: write "1.10"');
  });

  commandLine("C8 aliases that explode or contain themselves are refused at once", async ({ line }) => {
    const nine = (letter: string, of: string): string => `x-${letter}: &${letter} [${Array(9).fill(of).join(", ")}]`;
    const letters = "abcdefghi".split("");
    const laughs = letters.map((letter, index) => nine(letter, index === 0 ? "lol" : `*${letters[index - 1]}`));
    const start = performance.now();
    expect((await refused(line, `${laughs.join("\n")}\nservices: { web: { image: busybox } }\n`)).stderr).toMatch(
      /more than 100,000 values/,
    );
    expect((await refused(line, "services:\n  web: &web { image: a, labels: *web }\n")).stderr).toMatch(
      /contain itself/,
    );
    expect(performance.now() - start).toBeLessThan(2000);
  });

  commandLine("C9 a file that is too deep, too wide or too large is refused before it is parsed", async ({ line }) => {
    const bombs: readonly [string, RegExp][] = [
      [`a: ${"[".repeat(100_000)}`, /nested more than 64 deep/],
      [Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"), /nested more than 64 deep/],
      [Array.from({ length: 50_000 }, (_, key) => `k${key}: 1`).join("\n"), /more than 2000 keys|too many/],
      [`# ${"x".repeat(5 * 1024 * 1024)}\n${GOOD}`, /larger than 1 MiB/],
    ];
    for (const [text, message] of bombs) {
      const start = performance.now();
      expect((await refused(line, text)).stderr).toMatch(message);
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });

  commandLine(
    "C10 names that mean something to JavaScript name nothing, by whatever way they come",
    async ({ line }) => {
      const files = ["__proto__", "constructor", "prototype"].flatMap((name) => [
        `services: { ${name}: { image: busybox } }\n`,
        `images: { ${name}: . }\n${GOOD.slice(1)}`,
        `services: { web: { image: busybox, environment: { ${name}: x } } }\n`,
        `services: { web: { image: busybox, environment: [ "${name}=x" ] } }\n`,
        `x-a: &a { ${name}: { polluted: yes } }\nservices: { web: { image: busybox, labels: { <<: *a } } }\n`,
      ]);
      for (const text of files) {
        await refused(line, text.replace("\n,", ","));
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      }
    },
  );
});
