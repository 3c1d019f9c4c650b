import { describe, expect } from "vitest";
import { eventually, freePort, IDLE, scenario } from "../../support/scenario.ts";

describe("up", () => {
  scenario("brings up a project from nothing and leaves it alone the second time", async ({ s }) => {
    const port = await freePort();
    await s.write({
      "web/Dockerfile": 'FROM busybox:latest\nCOPY index.html /www/\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n',
      "web/index.html": "hello from the shop\n",
    });
    await s.declare({
      images: { web: { context: "./web" } },
      services: {
        web: { image: "web", ports: [`${port}:80`], depends_on: ["db"], stop_signal: "SIGKILL" },
        db: { ...IDLE, mounts: ["data:/data"] },
      },
      volumes: { data: {} },
    });
    await s.dock(["up", "-d"]);
    await eventually(async () => {
      expect(await (await fetch(`http://127.0.0.1:${port}/index.html`)).text()).toBe("hello from the shop\n");
    });
    const ids = await s.ids();
    const again = await s.dock(["up", "-d"]);
    expect(again.mutations).toEqual([]);
    expect(await s.ids()).toEqual(ids);
    expect(again.requests.length).toBeLessThanOrEqual(8);
    await s.dock(["plan", "--detailed-exitcode"]);
  });
});
