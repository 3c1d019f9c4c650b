import { createServer, request as ask, type Server } from "node:http";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type Scenario, scenario } from "../../support/scenario.ts";

/** A proxy before the engine that lets nobody open a session, as careful ones do. */
class CarefulProxy implements AsyncDisposable {
  readonly host: string;
  readonly paths: string[] = [];
  readonly #server: Server;

  private constructor(path: string, socketPath: string) {
    this.host = `unix://${path}`;
    this.#server = createServer((incoming, answer) => {
      this.paths.push(incoming.url ?? "");
      const { method, url: target, headers } = incoming;
      const onward = ask({ socketPath, method, path: target, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      answer.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
    this.#server.on("upgrade", (_, socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  }

  static async start(s: Scenario): Promise<CarefulProxy> {
    const path = join(s.root, "careful.sock");
    const proxy = new CarefulProxy(path, s.engine.socketPath);
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("an engine whose sessions are blocked", () => {
  scenario("builds with its older builder what that can, and says with -v which way was taken", async ({ s }) => {
    await using proxy = await CarefulProxy.start(s);
    const to = { host: proxy.host };
    await s.write({
      "app/Dockerfile": [
        "FROM busybox:latest",
        "ARG NAME=nobody",
        "COPY . /c",
        "RUN test ! -e /c/left-out && test ! -e /c/.dock.Dockerfile && test ! -e /c/.dockerignore",
        'RUN test "$(readlink /c/link)" = file && test -x /c/run.sh && test $(wc -c < /c/large) = 300000',
        "RUN echo $NAME > /name",
        "",
      ].join("\n"),
      "app/.dockerignore": "left-out\n.dockerignore\n",
      "app/left-out": "",
      "app/file": "content",
      "app/run.sh": "#!/bin/sh\n",
      "app/large": "x".repeat(300_000),
      "app/empty": "",
      "child/Dockerfile": "FROM app\nLABEL made=later\nRUN grep somebody /name\n",
    });
    await symlink("file", join(s.directory, "app/link"));
    const images = { app: { context: "app", args: { NAME: "somebody" }, labels: { a: "b" } }, child: "./child" };
    await s.declare({ images });
    const built = await s.dock(["-v", "--plain", "build"], to);
    expect(built.stderr).toContain("built by the older builder, with the whole context over /build");
    const again = proxy.paths.length;
    await s.dock(["build"], to);
    expect(proxy.paths.slice(again).filter((path) => path.includes("/build"))).toEqual([]);
    const { Config } = await s.engine.get<{ Config: { Labels: object } }>(`/images/${s.project}-child:latest/json`);
    expect(Config.Labels).toMatchObject({ a: "b", made: "later" });

    await s.write({ "app/Dockerfile": "FROM busybox:latest\nRUN echo said; exit 7\n" });
    const failed = await s.dock(["build", "app"], { ...to, code: 4 });
    expect(failed.stderr).toMatch(
      /step \[2\/\d\] RUN echo said; exit 7 failed with exit code 7[^]*> 2 \| RUN echo said/,
    );
    expect(failed.stderr).toMatch(/its last output:\n.*said/);

    await s.declare({
      images: { app: { context: "app", secrets: [{ id: "token", env: "TOKEN_VALUE" }], contexts: { other: "child" } } },
    });
    const sent = proxy.paths.length;
    const refused = await s.run(["build"], { ...to, env: { TOKEN_VALUE: "canary-canary" } });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/image app asks for .*contexts/);
    expect(proxy.paths.slice(sent).filter((path) => path.includes("/build"))).toEqual([]);
    await s.removeUntagged();
  });
});
