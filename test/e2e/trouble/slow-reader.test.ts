import { describe, expect } from "vitest";
import { eventually, IDLE, scenario } from "../../support/scenario.ts";

const LINES = 20_000;

/** Once it is told to, prints that many numbered lines in each of its runs, which are numbered too. */
const TALKER = {
  ...IDLE,
  command: [
    "sh",
    "-c",
    [
      "until [ -e /go ]; do sleep 0.05; done",
      "n=$$(cat /n 2>/dev/null); n=$$((n+1)); echo $$n > /n; i=0",
      `while [ $$i -lt ${LINES} ]; do i=$$((i+1)); echo "run $$n line $$i ${".".repeat(80)}"; done`,
      "touch /done$$n; exec sleep 3600",
    ].join("; "),
  ],
};

describe("logs -f with a reader that is slower than its container", () => {
  scenario("lose no line when the container is restarted and then removed", async ({ s }) => {
    await s.declare({ services: { talker: TALKER } });
    await s.dock(["up", "-d"]);
    const { "talker/1": id = "" } = await s.ids();
    const run = s.start(["logs", "-f"]);
    // What was printed before is history, which is not followed.
    await eventually(async () => expect(s.proxy.requests.filter(({ path }) => path.endsWith("/logs"))).toHaveLength(2));
    await s.run(["exec", "talker", "touch", "/go"]);
    await run.until(/run 1 line 1 /, "stdout");
    run.child.stdout?.pause();
    const said = async (number: number): Promise<void> =>
      eventually(async () => expect((await s.run(["exec", "talker", "test", "-e", `/done${number}`])).code).toBe(0));
    await said(1);
    await s.engine.raw("POST", `/containers/${id}/restart?t=0`);
    await said(2);
    await s.engine.remove(`/containers/${id}?force=1`);
    run.child.stdout?.resume();
    expect((await run.end()).code).toBe(0);
    const lines = run.stdout.split("\n").map((line) => /run \d line \d+/.exec(line)?.[0]);
    const wanted = [1, 2].flatMap((of) => Array.from({ length: LINES }, (_, index) => `run ${of} line ${index + 1}`));
    expect(lines.filter((line) => line !== undefined)).toEqual(wanted);
  });
});
