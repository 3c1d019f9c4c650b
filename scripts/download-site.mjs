#!/usr/bin/env node
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { archiveFinder, fetchArchive } from "./download-site/archive.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";

export { fetchArchive } from "./download-site/archive.mjs";

const USAGE = "usage: node scripts/download-site.mjs serve [[HOST:]PORT] | fetch [NAME [FILE]]";

/**
 * Serves `/nginx-X.Y.Z.tar.gz`: the real archive where nginx's site can be reached, else Debian's source of another version under
 * the asked name, which the header `x-stand-in` and a line on stderr admit. The same name always gives the same bytes.
 * `port` 0 takes a free one; `url` names the loopback address when `host` is every address.
 *
 * @param {{host?: string, port?: number, origin?: Partial<import("./download-site/archive.mjs").Origin>}} [options]
 * @returns {Promise<{url: string, port: number, close: () => Promise<void>}>}
 */
export async function startDownloadSite({ host = "127.0.0.1", port = 0, origin = {} } = {}) {
  const find = archiveFinder(origin);
  const server = createServer((request, response) => {
    answer(find, request, response).catch((/** @type {unknown} */ error) => {
      const message = error instanceof Error ? error.message : String(error);
      say(`download site: ${request.url}: ${message}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { "content-type": "text/plain" }).end(`${message}\n`);
    });
  });
  await new Promise((done, failed) => {
    server.once("error", failed).listen(port, host, () => done(undefined));
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a listening server has no port");
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return {
    url: `http://${name.includes(":") ? `[${name}]` : name}:${bound.port}`,
    port: bound.port,
    close: () =>
      new Promise((done) => {
        server.close(() => done(undefined));
        server.closeAllConnections();
      }),
  };
}

/** @param {ReturnType<typeof archiveFinder>} find @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
async function answer(find, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const archive = await find(new URL(request.url ?? "/", "http://site").pathname.slice(1));
  if (archive === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("no such archive\n");
    return;
  }
  const etag = `"${archive.sha256}"`;
  response.setHeader("etag", etag);
  if (archive.standIn !== undefined) response.setHeader("x-stand-in", archive.standIn);
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { "content-type": "application/gzip", "content-length": archive.body.length });
  response.end(request.method === "HEAD" ? undefined : archive.body);
}

async function main() {
  const [command = "", first, second] = process.argv.slice(2);
  if (command === "fetch") {
    const name = first ?? "nginx-1.19.2.tar.gz";
    const example = fileURLToPath(new URL("../examples/custom-nginx/", import.meta.url));
    const file = resolve(second ?? join(example, name));
    await fetchArchive(name, file);
    process.stdout.write(`${file}\n`);
  } else if (command === "serve") {
    const [, host = "127.0.0.1", port = ""] = /^(?:(.+):)?(\d+)$/u.exec(first ?? "8999") ?? [];
    if (port === "") throw new Stop(USAGE, { exitCode: 2 });
    const site = await startDownloadSite({ host, port: Number(port) });
    process.stdout.write(`${site.url}\n`);
    await new Promise((done) => {
      process.once("SIGINT", done).once("SIGTERM", done);
    });
    await site.close();
  } else throw new Stop(USAGE, { exitCode: 2 });
  return 0;
}

if (isMain(import.meta.url)) await runMain(main);
