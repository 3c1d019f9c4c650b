import { join } from "node:path";
import { expect } from "vitest";
import { makeAuthority } from "../../support/certificates.ts";
import { eventually, IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { SshStandIn } from "../../support/ssh-stand-in.ts";
import { TlsFront, writeIdentity } from "../../support/tls-front.ts";

const DOCKERFILE = "FROM busybox:latest\nARG WORD\nCOPY page /srv/page\nRUN echo $WORD > /srv/word\n";

/** A build, a service that sees its files only by sync, a command in it, its words: every kind of connection there is. */
async function everything(s: Scenario, env: Readonly<Record<string, string>>): Promise<void> {
  await s.write({ "app/Dockerfile": DOCKERFILE, "app/page": "first\n" });
  await s.declare({
    images: { app: { context: "./app", args: { WORD: "built" } } },
    services: {
      web: {
        image: "app",
        command: ["sh", "-c", "echo started; exec sleep 3600"],
        stop_signal: "SIGKILL",
        dev: { watch: [{ path: "./app/page", action: "sync", target: "/srv/page" }] },
      },
    },
  });
  const host = env["DOCKER_HOST"] ?? "";
  const options = { host, env };
  const { stderr } = await s.dock(["up", "-d"], options);
  expect(stderr).toContain("built");
  expect((await s.dock(["exec", "web", "cat", "/srv/page", "/srv/word"], options)).stdout).toBe("first\nbuilt\n");
  expect((await s.dock(["logs", "web"], options)).stdout).toContain("started");
  expect((await s.dock(["up", "-d"], options)).stderr).toContain("Everything is up to date");
  const watching = s.start(["watch", "--json"], options);
  await watching.until(/"type":"watch-ready"/, "stdout", 60_000);
  await s.write({ "app/page": "second\n" });
  await watching.until(/"action":"sync"/, "stdout", 60_000);
  await eventually(async () => expect(await s.inside("web", "cat", "/srv/page")).toBe("second"));
  watching.signal("SIGINT");
  expect((await watching.end()).code).toBe(0);
}

scenario("an engine behind TLS does all that one at a socket does", async ({ s }) => {
  const authority = makeAuthority();
  await using front = await TlsFront.start(s.proxy.socketPath, {
    authority,
    identity: authority.issue({ hosts: ["127.0.0.1"] }),
  });
  const certificates = join(s.root, "certificates");
  writeIdentity(certificates, { ca: authority.cert, ...authority.issue() });
  await everything(s, {
    DOCKER_HOST: `tcp://127.0.0.1:${front.port}`,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: certificates,
  });
  expect(front.admitted).toBeGreaterThan(20);
});

scenario("an engine over ssh does all that one at a socket does, but for paths of this machine", async ({ s }) => {
  const ssh = await SshStandIn.make(join(s.root, "ssh"), s.engine.socketPath);
  const env = { DOCKER_HOST: "ssh://me@box", PATH: `${ssh.directory}:${process.env["PATH"]}` };
  await everything(s, env);
  // A connection that is free is used again.
  const from = (await ssh.calls()).length;
  await s.dock(["up", "-d"], { host: env.DOCKER_HOST, env });
  expect((await ssh.calls()).length - from).toBeLessThanOrEqual(8);

  const before = await s.ids();
  const bound = { ...IDLE, mounts: ["./app:/app"] };
  const dev = { ...IDLE, dev: { mounts: ["./app:/app"] } };
  await s.declare({ services: { bound, dev } });
  for (const command of [["up", "-d"], ["plan"], ["watch"]]) {
    const { stderr } = await s.dock(command, { host: env.DOCKER_HOST, env, code: 2 });
    expect(stderr).toContain("the engine is on another machine; nothing was touched");
    expect(stderr).toMatch(/service bound mounts .*\n[^]*service dev mounts /);
    expect(stderr).toContain(
      "hint: put the files into the image, keep them in a volume, or have `dev.watch` copy them",
    );
  }
  expect(await s.ids()).toEqual(before);

  await ssh.refuse("me@box: Permission denied (publickey).");
  const { stderr } = await s.dock(["ps"], { host: env.DOCKER_HOST, env, code: 3 });
  expect(stderr).toContain("the engine at ssh://me@box cannot be reached: me@box: Permission denied (publickey).");
});
