import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import { attempt, run } from "../engine/run.mjs";
import { Stop } from "../engine/say.mjs";
import { CA_BUNDLE, debianLayer, PATH, write } from "./debian.mjs";
import { cachedLayer } from "./layer.mjs";

/** As in the public image: arguments that are no command are node's. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1-}" in -*) set -- node "$@" ;; esac
if ! command -v -- "\${1-}" >/dev/null 2>&1; then set -- node "$@"; fi
exec "$@"
`;

/** The Debian stand-in with this machine's own node and npm, in the place of `node:lts`. */
export async function nodeStandIn(/** @type {string} */ name) {
  const base = await debianLayer();
  const node = realpathSync(process.execPath);
  const npm = await npmFolder();
  const registry = (await run(["npm", "config", "get", "registry"])).trim();
  const npmVersion = JSON.parse(readFileSync(join(npm, "package.json"), "utf8")).version;
  const inputs = {
    recipe: 1,
    base: base.layer.diffId,
    node: [node, process.version],
    npm: [npm, npmVersion],
    registry,
  };
  const layer = await cachedLayer("node", inputs, async (root) => {
    await addNode(root, node, base.layer.file);
    addNpm(root, npm, registry);
    await addAccount(root, base.layer.file);
  });
  return {
    name,
    about: `node ${process.version} and npm ${npmVersion} of this machine on a minimal Debian`,
    layers: [base, { layer, by: `node ${process.version}, npm ${npmVersion}, a stand-in` }],
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["node"],
      Env: [PATH, `NODE_VERSION=${process.version.slice(1)}`, `NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`],
    },
  };
}

/** The folder of the npm that goes with this node, with everything it needs inside. */
async function npmFolder() {
  const found = (await attempt(["which", "npm"])).stdout.trim();
  const folder = found === "" ? "" : dirname(dirname(realpathSync(found)));
  if (!existsSync(join(folder, "bin/npm-cli.js")) || !existsSync(join(folder, "node_modules"))) {
    throw new Stop("No self-contained npm was found beside node, so there is no stand-in for node:lts.");
  }
  return folder;
}

async function addNode(/** @type {string} */ root, /** @type {string} */ node, /** @type {string} */ baseTar) {
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  copyFileSync(node, join(root, "usr/local/bin/node"));
  write(root, "usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 0o755);
  const inBase = new Set((await run(["tar", "-tf", baseTar])).split("\n").map((line) => line.replace(/^\./u, "")));
  const linked = (await run(["ldd", node])).matchAll(/=> (\/\S+)/gu);
  for (const [, library = ""] of linked) {
    // In Debian `/lib` is a link to `/usr/lib`; a real folder of that name in this layer would hide it.
    const place = library.replace(/^\/(?:usr\/)?lib/u, "/usr/lib");
    if (inBase.has(place) || inBase.has(library)) continue;
    mkdirSync(dirname(join(root, place)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, place));
  }
}

function addNpm(/** @type {string} */ root, /** @type {string} */ npm, /** @type {string} */ registry) {
  cpSync(npm, join(root, "usr/local/lib/node_modules/npm"), { recursive: true, verbatimSymlinks: true });
  for (const command of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(root, "usr/local/bin", command));
  }
  write(root, "usr/local/etc/npmrc", `registry=${registry}\n`);
}

/** The user `node` (1000) that the public image has. */
async function addAccount(/** @type {string} */ root, /** @type {string} */ baseTar) {
  const read = (/** @type {string} */ file) => run(["tar", "-xOf", baseTar, `./etc/${file}`]);
  write(root, "etc/passwd", `${await read("passwd")}node:x:1000:1000::/home/node:/bin/bash\n`);
  write(root, "etc/group", `${await read("group")}node:x:1000:\n`);
  mkdirSync(join(root, "home/node"), { recursive: true });
  await run(["chown", "1000:1000", join(root, "home/node")]);
}
