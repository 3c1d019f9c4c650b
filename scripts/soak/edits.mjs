import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** A project with one service of each kind: synced, live, restarted, rebuilt. @param {string} directory */
export function writeProject(directory) {
  const files = {
    "dock.yaml": `images:
  built: { context: ./built }
services:
  web: { image: "busybox:latest", command: [sleep, "1000000"], init: true, dev: { watch: [{ path: ./site, action: sync, target: /srv }] } }
  live: { image: "busybox:latest", command: [sleep, "1000000"], init: true, dev: { mounts: ["./live:/live"] } }
  again: { image: "busybox:latest", command: [sleep, "1000000"], init: true, dev: { mounts: ["./again:/again"], reload: restart } }
  built: { image: built, init: true }
`,
    "built/Dockerfile": 'FROM busybox:latest\nCOPY mark /\nCMD ["sleep", "1000000"]\n',
    "built/mark": "0\n",
    "live/a.txt": "0\n",
    "again/a.txt": "0\n",
  };
  for (const [path, content] of Object.entries(files)) write(directory, path, content);
  for (let index = 0; index < 200; index += 1) write(directory, `site/d${index % 20}/f${index}.txt`, `${index}\n`);
}

/** One random edit a call; "tidy" brings the directories back that there were at the start. @param {string} directory */
export function randomEdits(directory) {
  let count = 0;
  const place = () => `site/d${random(20)}/f${random(200)}.txt`;
  const edits = [
    () => write(directory, place(), text()),
    () => write(directory, place(), text()),
    () => {
      const path = join(directory, place());
      if (existsSync(path)) unlinkSync(path);
    },
    () => {
      const path = join(directory, place());
      write(directory, `${path.slice(directory.length + 1)}.tmp.1`, text());
      renameSync(`${path}.tmp.1`, path);
    },
    () => {
      for (let index = 0; index < 30; index += 1) write(directory, `site/new${random(5)}/deep/f${index}`, text());
    },
    () => rmSync(join(directory, `site/new${random(5)}`), { recursive: true, force: true }),
    () => write(directory, "live/a.txt", text()),
    () => write(directory, "again/a.txt", text()),
    () => {
      if (count % 5 === 0) write(directory, "built/mark", text());
    },
  ];
  const text = () => `${(count += 1)} ${Math.random()}\n`;
  return (/** @type {"tidy" | undefined} */ what) => {
    if (what !== "tidy") return edits[random(edits.length)]?.();
    for (let index = 0; index < 5; index += 1)
      rmSync(join(directory, `site/new${index}`), { recursive: true, force: true });
  };
}

/** Contents by path relative to a directory. @param {string} root @returns {Map<string, Buffer>} */
export function hostTree(root) {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length + 1), readFileSync(path)];
    }),
  );
}

function write(/** @type {string} */ directory, /** @type {string} */ path, /** @type {string} */ content) {
  const target = join(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}

const random = (/** @type {number} */ below) => Math.floor(Math.random() * below);
