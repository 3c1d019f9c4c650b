import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect } from "vitest";
import { Gate } from "../../support/gate.ts";
import { eventually, freePort, scenario } from "../../support/scenario.ts";

async function answerOf(port: number): Promise<string> {
  const [response] = await once(get({ host: "127.0.0.1", port, agent: false }), "response");
  return text(response);
}

describe("services that don't need an image which is being built", () => {
  scenario("serve while it is built, and the one that needs it follows", async ({ s }) => {
    await using gate = await Gate.start();
    const address = await gate.address(s.engine);
    await s.write({
      "slow/Dockerfile": [
        "FROM busybox:latest",
        `RUN until wget -q -O /dev/null ${address}; do sleep 0.1; done`,
        "RUN mkdir /www && echo built > /www/index.html",
        "",
      ].join("\n"),
    });
    const ports = await Promise.all(Array.from({ length: 6 }, freePort));
    const serve = "mkdir -p /www; [ -e /www/index.html ] || echo $$NAME > /www/index.html; exec httpd -f -p 80 -h /www";
    const service = (index: number): object => ({
      image: "busybox:latest",
      command: ["sh", "-c", serve],
      environment: { NAME: `five ${index}` },
      stop_signal: "SIGKILL",
      ports: [`${ports[index]}:80`],
      ready: "http :80/",
    });
    await s.declare({
      images: { slow: { context: "slow" } },
      services: {
        ...Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`five${index}`, service(index)])),
        needs: { ...service(5), image: "slow" },
      },
    });
    const run = s.start(["up", "-d"]);
    await Promise.race([gate.knocked, run.end().then(() => Promise.reject(new Error(run.transcript())))]);
    for (let index = 0; index < 5; index += 1)
      await eventually(async () => expect(await answerOf(ports[index] ?? 0)).toBe(`five ${index}\n`));
    expect(Object.keys(await s.containers()).toSorted()).toEqual([0, 1, 2, 3, 4].map((index) => `five${index}/1`));
    expect(run.child.exitCode).toBeNull();
    gate.open();
    expect((await run.end()).code).toBe(0);
    expect(await answerOf(ports[5] ?? 0)).toBe("built\n");
  });
});
