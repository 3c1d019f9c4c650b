import { describe, expect, test } from "vitest";
import type { Service } from "../../src/project/service-model.ts";
import { compileText } from "../support/compile-text.ts";

/** The service that these lines make. */
function service(lines: string, options: Parameters<typeof compileText>[1] = {}): Service {
  const { project, diagnostics } = compileText(
    `services:\n  web:\n    image: nginx\n${lines.replace(/^/gm, "    ")}\n`,
    options,
  );
  if (!project?.services["web"]) throw new Error(JSON.stringify(diagnostics.map(({ message }) => message)));
  return project.services["web"];
}

describe("a service", () => {
  test("keeps the image's command and entrypoint unless it says otherwise, and none when it says so", () => {
    expect(service("").command).toBeUndefined();
    expect(service("").entrypoint).toBeUndefined();
    expect(service("entrypoint: []").entrypoint).toEqual([]);
    expect(service('entrypoint: ""\ncommand: ""')).toMatchObject({ entrypoint: [], command: [] });
  });

  test("has nothing else that it does not ask for", () => {
    expect(service("")).toEqual({
      key: "web",
      image: { kind: "external", ref: "nginx:latest" },
      environment: {},
      envFiles: [],
      ports: [],
      expose: [],
      mounts: [],
      networks: [{ network: "default", aliases: [], linkLocalIps: [], driverOpts: {}, priority: 0 }],
      dependsOn: [],
      secrets: [],
      configs: [],
      restart: { policy: "no", maxRetries: 0 },
      labels: {},
      extraHosts: [],
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      capAdd: [],
      capDrop: [],
      privileged: false,
      readOnly: false,
      ulimits: [],
      sysctls: {},
      securityOpt: [],
      postStart: [],
      preStop: [],
      groupAdd: [],
      resources: { devices: [] },
      devices: [],
      gpus: [],
      deviceCgroupRules: [],
      annotations: {},
      storageOpt: {},
      tty: false,
      stdinOpen: false,
      pull: "missing",
      scale: 1,
      profiles: [],
      attach: true,
      task: false,
      at: expect.anything(),
    });
    expect(service("").healthcheck).toBeUndefined();
  });

  test("in no network of the project, when it has a network mode", () => {
    expect(service("network_mode: host")).toMatchObject({ networks: [], networkMode: "host" });
  });

  test("in no network at all, when its list of networks is empty", () => {
    expect(service("networks: []")).toMatchObject({ networks: [], networkMode: "none" });
    expect(service("networks: {}")).toMatchObject({ networks: [], networkMode: "none" });
  });

  test("takes text, numbers and booleans from variables where they are wanted", () => {
    const env = { N: "3", YES: "TRUE", NO: "false", MODE: "0750" };
    const made = service(
      'scale: "${N}"\ninit: "${NO}"\nread_only: ${YES}\nuser: ${N}\nulimits: { nofile: "${N}" }\nhealthcheck: { retries: "${N}" }\nmounts: [{ type: tmpfs, target: /t, tmpfs: { mode: "${MODE}" } }]',
      { env },
    );
    expect(made).toMatchObject({ scale: 3, init: false, readOnly: true, user: "3", healthcheck: { retries: 3 } });
    expect(made.ulimits).toEqual([{ name: "nofile", soft: 3, hard: 3 }]);
    expect(made.mounts).toEqual([{ kind: "tmpfs", target: "/t", readOnly: false, mode: 0o750 }]);
  });

  test("runs an image of the file by its key or its tag, never for a public name that says so", () => {
    const images = 'images:\n  app: { context: ., tags: ["team/app", "nginx:dev"] }\n';
    const imageOf = (name: string): unknown =>
      compileText(`${images}services: { web: { image: "${name}" } }`).project?.services["web"]?.image;
    expect(imageOf("app")).toEqual({ kind: "built", key: "app" });
    expect(imageOf("team/app:latest")).toEqual({ kind: "built", key: "app" });
    expect(imageOf("nginx:dev")).toEqual({ kind: "built", key: "app" });
    expect(imageOf("nginx")).toEqual({ kind: "external", ref: "nginx:latest" });
    expect(imageOf("docker.io/library/app")).toEqual({ kind: "external", ref: "docker.io/library/app:latest" });
    expect(imageOf("app:latest")).toEqual({ kind: "external", ref: "app:latest" });
  });

  test("with `build` makes an image of its own name, which others may run", () => {
    const { project } = compileText("services:\n  web: { build: ., image: team/web }\n  job: { image: web }\n");
    expect(project?.images["web"]).toMatchObject({ key: "web", tags: ["team/web:latest"] });
    expect(project?.services["job"]?.image).toEqual({ kind: "built", key: "web" });
  });

  test("and its parts know where they stand", () => {
    const text =
      "services:\n  web:\n    image: nginx\n    mounts:\n      - ./a:/a\n    env_file: [{ path: a.env, required: false }]\n";
    const web = compileText(text).project?.services["web"];
    const shown = (at: Service["at"] | undefined): string | undefined => at && text.slice(at.span.start, at.span.end);
    const mount = web?.mounts[0];
    expect(shown(web?.at)).toBe("web");
    expect(mount?.kind === "bind" && shown(mount.at)).toBe("./a:/a");
    expect(shown(web?.envFiles[0]?.at)).toBe("{ path: a.env, required: false }");
  });
});
