import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { extract, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { fetchArchive, startDownloadSite } from "../../scripts/download-site.mjs";

const DEBIAN_PATH = "pool/nginx_1.22.1.orig.tar.gz";
const NOWHERE = "http://127.0.0.1:2/download";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dock-site-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("a site that can't reach the real one", () => {
  test("serves Debian's source under the asked name, with a valid tar inside, and says so", async () => {
    await using world = await rig({ site: NOWHERE });
    const answer = await fetch(`${world.url}/nginx-1.19.10.tar.gz`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-stand-in")).toContain("1.22.1");
    const body = Buffer.from(await answer.arrayBuffer());
    expect(await entries(body)).toEqual({
      "nginx-1.19.10/": "",
      "nginx-1.19.10/configure": "#!/bin/sh\n",
      "nginx-1.19.10/src/nginx.h": "1.22.1".repeat(200),
    });
  });

  test("gives the same bytes under the same name each time, and answers 304 to who has them", async () => {
    await using world = await rig({ site: NOWHERE });
    const [first, second] = [
      await fetch(`${world.url}/nginx-1.19.2.tar.gz`),
      await fetch(`${world.url}/nginx-1.19.2.tar.gz`),
    ];
    expect(Buffer.from(await first.arrayBuffer())).toEqual(Buffer.from(await second.arrayBuffer()));
    const etag = first.headers.get("etag") ?? "";
    const third = await fetch(`${world.url}/nginx-1.19.2.tar.gz`, { headers: { "if-none-match": etag } });
    expect(third.status).toBe(304);
    expect(world.mirrorRequests()).toBe(1);
  });

  test("refuses a mirror's file whose checksum differs", async () => {
    await using world = await rig({ site: NOWHERE, sha256: "0".repeat(64) });
    const answer = await fetch(`${world.url}/nginx-1.19.2.tar.gz`);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain("checksum");
    expect(existsSync(join(folder, "nginx_1.22.1.orig.tar.gz"))).toBe(false);
  });

  test.each(["nginx-1.19.2.zip", "..%2fetc%2fpasswd", "nginx-latest.tar.gz", ""])("has no archive %j", async (name) => {
    await using world = await rig({ site: NOWHERE });
    expect((await fetch(`${world.url}/${name}`)).status).toBe(404);
  });
});

describe("a site that reaches the real one", () => {
  test("serves the real archive as it is and keeps it for later", async () => {
    const real = await archive("nginx-1.19.2", "1.19.2");
    await using world = await rig({ real: { "/nginx-1.19.2.tar.gz": real } });
    const answer = await fetch(`${world.url}/nginx-1.19.2.tar.gz`);
    expect(answer.headers.get("x-stand-in")).toBeNull();
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(real);
    expect(await readFile(join(folder, "nginx-1.19.2.tar.gz"))).toEqual(real);
  });

  test("says 404 where the real one does", async () => {
    await using world = await rig({ real: {} });
    expect((await fetch(`${world.url}/nginx-9.9.9.tar.gz`)).status).toBe(404);
  });

  test("does not take a page that a network puts in the way for an archive", async () => {
    await using world = await rig({ real: { "/nginx-1.19.2.tar.gz": Buffer.from("<html>log in first</html>") } });
    const answer = await fetch(`${world.url}/nginx-1.19.2.tar.gz`);
    expect(answer.headers.get("x-stand-in")).toContain("1.22.1");
    await answer.body?.cancel();
  });
});

test("fetchArchive writes the archive once, leaves a file that is there, and nothing else beside it", async () => {
  await using world = await rig({ site: NOWHERE });
  const into = join(folder, "context", "nginx-1.19.2.tar.gz");
  await fetchArchive("nginx-1.19.2.tar.gz", into, world.origin);
  expect(Object.keys(await entries(await readFile(into)))).toContain("nginx-1.19.2/configure");
  expect(await readdir(join(folder, "context"))).toEqual(["nginx-1.19.2.tar.gz"]);
  await writeFile(into, "mine");
  await fetchArchive("nginx-1.19.2.tar.gz", into, world.origin);
  expect(await readFile(into, "utf8")).toBe("mine");
});

interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly origin: NonNullable<Parameters<typeof fetchArchive>[2]>;
  mirrorRequests(): number;
}

/** A download site whose upstreams, a site and a Debian mirror, are a server of this test. */
async function rig(options: { site?: string; real?: Record<string, Buffer>; sha256?: string }): Promise<Rig> {
  const source = await archive("nginx-1.22.1", "1.22.1".repeat(200));
  const files: Record<string, Buffer> = { ...options.real, [`/debian/${DEBIAN_PATH}`]: source };
  let mirrored = 0;
  const upstream = createServer((request, response) => {
    const body = files[request.url ?? ""];
    if (request.url?.startsWith("/debian/")) mirrored += 1;
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const address = upstream.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const base = `http://127.0.0.1:${address.port}`;
  const sha256 = options.sha256 ?? createHash("sha256").update(source).digest("hex");
  const origin = {
    site: options.site ?? base,
    mirror: () => Promise.resolve(`${base}/debian/`),
    standIn: { version: "1.22.1", path: DEBIAN_PATH, sha256 },
    cache: folder,
  };
  const site = await startDownloadSite({ origin });
  return {
    url: site.url,
    origin,
    mirrorRequests: () => mirrored,
    async [Symbol.asyncDispose]() {
      await site.close();
      upstream.closeAllConnections();
      await new Promise((done) => {
        upstream.close(done);
      });
    },
  };
}

async function archive(root: string, version: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: `${root}/`, type: "directory" });
  tar.entry({ name: `${root}/configure`, mode: 0o755 }, "#!/bin/sh\n");
  tar.entry({ name: `${root}/src/nginx.h` }, version);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array));
  return gzipSync(Buffer.concat(chunks));
}

async function entries(packed: Buffer): Promise<Record<string, string>> {
  const tar = extract();
  tar.end(gunzipSync(packed));
  const found: Record<string, string> = {};
  for await (const entry of tar) {
    let text = "";
    for await (const chunk of entry) text += String(chunk);
    found[entry.header.name] = text;
  }
  return found;
}
