import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Lets another process, a test, switch a private engine off as a crash would and on again: `POST /kill` and `POST /start`
 * at a unix socket. Both answer when it is done, with 500 and the reason when it can't be.
 *
 * @param {import("./private-engine.mjs").PrivateEngine} engine
 * @param {string} socket where to listen
 * @returns {Promise<{ close: () => Promise<void> }>}
 */
export async function serveSwitch(engine, socket) {
  const server = createServer((request, response) => {
    const work =
      request.url === "/kill" ? engine.kill("SIGKILL") : request.url === "/start" ? engine.start() : undefined;
    if (work === undefined) response.writeHead(404).end();
    else
      work.then(
        () => response.writeHead(204).end(),
        (error) => response.writeHead(500).end(error.message),
      );
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
