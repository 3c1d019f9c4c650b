import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Two ends of one connection, as the engine's unix socket gives them; closed when the test ends. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const directory = await mkdtemp(join(tmpdir(), "dock-bk-"));
  const server = createServer();
  try {
    const path = join(directory, "socket");
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    const accepted = new Promise<Socket>((resolve) => {
      server.once("connection", resolve);
    });
    const near = connect(path);
    const far = await accepted;
    for (const socket of [near, far]) {
      socket.on("error", () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    return [near, far];
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}
