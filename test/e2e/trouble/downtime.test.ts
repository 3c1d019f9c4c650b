import { afterAll, describe, expect } from "vitest";
import { note } from "../../support/crash-plan.ts";
import { Prober, type Seen } from "../../support/prober.ts";
import { eventually, freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

const table: string[] = [];

function keep(what: string, seen: Seen): void {
  note({ test: "downtime", what, downMs: seen.downMs, asked: seen.asked });
  table.push(`${what.padEnd(60)} ${String(seen.downMs).padStart(6)} ms (${seen.failed} of ${seen.asked} questions)`);
}

afterAll(() => process.stdout.write(`\ndowntime of a published port:\n${table.join("\n")}\n`));

const READY = { ready: "http :80/" };
const SERVE = "mkdir -p /www; echo $$VERSION > /www/index.html; exec httpd -f -p 80 -h /www";

function web(port: number, more: { readonly version: string; readonly command?: string }): object {
  return {
    ...IDLE,
    command: ["sh", "-c", more.command ?? SERVE],
    environment: { VERSION: more.version },
    ports: [`${port}:80`],
  };
}

/** Brings version one up, then another one while the port is asked over and over. */
async function watched(
  s: Scenario,
  of: { readonly command?: string; readonly service: object; readonly code: number },
): Promise<Seen> {
  const port = await freePort();
  await s.declare({ services: { web: { ...web(port, { version: "one" }), ...of.service } } });
  await s.dock(["up", "-d"]);
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200));
  const command = of.command === undefined ? {} : { command: of.command };
  await s.declare({ services: { web: { ...web(port, { version: "two", ...command }), ...of.service } } });
  const prober = Prober.start(port);
  try {
    await s.dock(["up", "-d"], { code: of.code });
  } finally {
    await prober.stop();
  }
  return prober.stop();
}

describe.each([
  ["without readiness", {}],
  ["with readiness", READY],
])("a service %s", (name, service) => {
  scenario("serves again with its old version when the new one ends at once", async ({ s }) => {
    const seen = await watched(s, { service, command: "echo boom; exit 3", code: 5 });
    keep(`new version ends at once, ${name}`, seen);
    expect(seen.answers).toEqual(["one"]);
  });

  scenario("has a new version that works", async ({ s }) => {
    const seen = await watched(s, { service, code: 0 });
    keep(`new version works, ${name}`, seen);
    expect(seen.answers).toEqual(["one", "two"]);
  });
});

describe("a service with readiness", () => {
  scenario("serves again with its old version when the new one ends before it is ready", async ({ s }) => {
    const seen = await watched(s, { service: READY, command: "sleep 1; echo boom; exit 3", code: 5 });
    keep("new version ends after 1 s, with readiness", seen);
    expect(seen.answers).toEqual(["one"]);
  });
});
