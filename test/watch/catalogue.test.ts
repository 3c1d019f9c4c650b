import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { build } from "rolldown";
import { fileURLToPath } from "node:url";
import { tempTree } from "./temp-tree.ts";
import { block, RealWatch, SITE } from "./real-watch.ts";

const BUILT = `
name: demo
images:
  api: { context: ./api }
services:
  web: { image: api }
`;

describe("catalogue of what makes watches go wrong", () => {
  test("W1 a burst while the event loop is blocked: the last edit is seen soon after, with one rebuild", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": BUILT, "api/Dockerfile": "", "api/main.js": "1" });
    const runs = watched.effects.runs;
    for (let index = 0; index < 10_000; index += 1)
      watched.tree.write(`api/d${index % 50}/f${index % 1000}`, `${index}`);
    watched.tree.write("api/main.js", "last");
    block(2000);
    const applied = (): string | undefined => watched.effects.applied?.inputs.images["api"]?.files.files["main.js"];
    await vi.waitFor(() => expect(applied()).toBe("last"), { timeout: 10_000, interval: 20 });
    await watched.quiet();
    const built = watched.effects.events.filter(
      (event) => event.type === "watch-action" && event.action === "rebuild" && event.message === undefined,
    );
    expect(built).toHaveLength(1);
    expect(watched.effects.runs).toBeLessThanOrEqual(runs + 2);
    watched.tree.write("api/d7/later", "new directories are watched");
    await watched.said((event) => event.type === "watch-action" && event.files.includes("api/d7/later"));
  });

  test("W2 every way to save is one action with the final content, a touch and new rights are none", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a.txt": "0" });
    const { tree, effects } = watched;
    const file = tree.at("site/a.txt");
    const ways: Readonly<Record<string, () => void>> = {
      "in place": () => tree.write("site/a.txt", "in place"),
      "temporary file renamed over it (VS Code with atomic saves, many tools)": () => {
        tree.write("site/a.txt.tmp.1234", "renamed");
        renameSync(tree.at("site/a.txt.tmp.1234"), file);
      },
      "vim: a probe, a backup, a new file": () => {
        tree.write("site/4913", "");
        unlinkSync(tree.at("site/4913"));
        renameSync(file, tree.at("site/a.txt~"));
        tree.write("site/a.txt", "vim");
        unlinkSync(tree.at("site/a.txt~"));
      },
      "vim: a swap file beside it": () => {
        tree.write("site/.a.txt.swp", "x");
        tree.write("site/a.txt", "vim again");
        unlinkSync(tree.at("site/.a.txt.swp"));
      },
      "emacs: a lock, an auto-save, a backup, a new file": () => {
        symlinkSync("me@host.1", tree.at("site/.#a.txt"));
        tree.write("site/#a.txt#", "emacs");
        renameSync(file, tree.at("site/a.txt~"));
        tree.write("site/a.txt", "emacs");
        unlinkSync(tree.at("site/#a.txt#"));
        unlinkSync(tree.at("site/.#a.txt"));
      },
      "VS Code: emptied and written": () => {
        writeFileSync(file, "");
        writeFileSync(file, "code");
      },
      "JetBrains: a safe write": () => {
        tree.write("site/a.txt___jb_tmp___", "jetbrains");
        renameSync(file, tree.at("site/a.txt___jb_old___"));
        renameSync(tree.at("site/a.txt___jb_tmp___"), file);
        unlinkSync(tree.at("site/a.txt___jb_old___"));
      },
      "deleted and made again": () => {
        unlinkSync(file);
        tree.write("site/a.txt", "made again");
      },
    };
    for (const [name, save] of Object.entries(ways)) {
      effects.calls.length = 0;
      save();
      await watched.synced();
      await watched.quiet(250);
      expect(effects.calls, name).toEqual(["transfer web-1 +/srv/a.txt"]);
    }
    effects.calls.length = 0;
    utimesSync(file, new Date(), new Date());
    chmodSync(file, 0o640);
    chmodSync(file, 0o666);
    writeFileSync(file, readFileSync(file));
    await watched.quiet();
    expect(effects.calls).toEqual([]);
    tree.write("site/a.txt", "part");
    block(1500);
    writeFileSync(file, "part and the rest", { flag: "w" });
    await watched.synced();
  });

  test("W3 deleted and made again, renamed away and back, a link that is switched, another case: as a fresh look", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a/x": "1", "site/v1/data": "1" });
    const { tree } = watched;
    tree.write("site/v2/data", "2");
    symlinkSync("v1", tree.at("site/current"));
    await watched.synced();
    rmSync(tree.at("site/a"), { recursive: true });
    tree.write("site/a/x", "2");
    await watched.synced();
    renameSync(tree.at("site/a"), tree.at("away"));
    await watched.synced();
    writeFileSync(tree.at("away/x"), "3");
    renameSync(tree.at("away"), tree.at("site/a"));
    await watched.synced();
    renameSync(tree.at("site/a/x"), tree.at("site/a/X"));
    await watched.synced();
    watched.effects.calls.length = 0;
    symlinkSync("v2", tree.at("site/next"));
    renameSync(tree.at("site/next"), tree.at("site/current"));
    await vi.waitFor(() => expect(watched.effects.calls).toEqual(["transfer web-1 +/srv/current"]), { timeout: 5000 });
  });

  test("W4 while git holds its lock nothing is done, and a switch of branches is one batch with its name", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`api/f${index}`, "main"]));
    await using watched = await RealWatch.begin({
      "dock.yaml": BUILT,
      "api/Dockerfile": "",
      ".git/HEAD": "ref: refs/heads/main\n",
      ...files,
    });
    const { tree, effects } = watched;
    const runs = effects.runs;
    tree.write(".git/index.lock", "");
    for (const name of Object.keys(files).slice(0, 150)) tree.write(name, "feature");
    await watched.quiet(600);
    expect(effects.runs).toBe(runs);
    for (const name of Object.keys(files).slice(150)) tree.write(name, "feature");
    tree.write(".git/HEAD", "ref: refs/heads/feature\n");
    unlinkSync(tree.at(".git/index.lock"));
    await watched.said((event) => event.type === "watch-action" && event.action === "rebuild");
    expect(effects.runs).toBe(runs + 1);
    const [batch, ...others] = effects.events.filter((event) => event.type === "watch-change");
    expect(batch).toMatchObject({ files: 300, branch: { from: "main", to: "feature" } });
    expect(others).toEqual([]);
  });

  test("W5 a root that is deleted is told of, and is watched again when it is back", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a.txt": "1" });
    rmSync(watched.tree.at("site"), { recursive: true });
    await watched.said((event) => event.type === "warning" && event.message === "site is gone");
    await watched.synced();
    watched.tree.write("site/deep/er/b.txt", "2");
    await watched.synced();
    watched.tree.write("site/deep/er/b.txt", "3");
    await watched.synced();
  });

  test("W6 at the system's limit of watches the setting is named, and what is left out is polled", async () => {
    using tree = tempTree();
    using program = tempTree();
    for (let index = 0; index < 80; index += 1) tree.write(`d${index}/f`, "1");
    const script = program.at("limited-watch.mjs");
    const input = fileURLToPath(new URL("limited-watch.ts", import.meta.url));
    await build({ input, platform: "node", logLevel: "silent", output: { file: script, codeSplitting: false } });
    const limited = 'echo 30 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const { stdout, stderr } = spawnSync(
      "unshare",
      ["--user", "--map-root-user", "sh", "-c", limited, "sh", process.execPath, script, tree.path],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect(stderr).toBe("");
    const { limits, heard } = JSON.parse(stdout) as { limits: { message: string; hint: string }[]; heard: string[] };
    expect(limits).toHaveLength(1);
    expect(limits[0]?.message).toMatch(/limit of watched directories.*fs\.inotify\.max_user_watches/);
    expect(limits[0]?.hint).toBe("raise it: sudo sysctl fs.inotify.max_user_watches=1048576");
    // The kernel gives the first ones: of these the polled directory is heard of all the same.
    expect(heard).toEqual(["first", "last"]);
  });

  test("W7 20 edits during a build end with the newest content; a project file with a mistake keeps what runs", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": BUILT, "api/Dockerfile": "", "api/main.js": "0" });
    const { tree, effects } = watched;
    effects.hold = true;
    tree.write("api/main.js", "first");
    await vi.waitFor(() => expect(effects.held).toHaveLength(1), { timeout: 5000 });
    const before = effects.runs;
    for (let edit = 1; edit <= 20; edit += 1) {
      tree.write("api/main.js", `edit ${edit}`);
      await watched.quiet(20);
    }
    effects.hold = false;
    for (const run of effects.held) run.finish();
    const applied = (): string | undefined => effects.applied?.inputs.images["api"]?.files.files["main.js"];
    await vi.waitFor(() => expect(applied()).toBe("edit 20"), { timeout: 5000 });
    // Two were cut off at most, one was let through, one followed.
    expect(effects.runs - before).toBeLessThanOrEqual(4);
    const good = effects.applied;
    tree.write("dock.yaml", "services:\n  web:\n    imaeg: api\n");
    await watched.said((event) => event.type === "watch-action" && event.action === "reload" && !event.ok);
    expect(effects.applied).toBe(good);
    tree.write("dock.yaml", `${BUILT}  other: { image: busybox }\n`);
    await watched.said((event) => event.type === "watch-action" && event.action === "reload" && event.ok);
  });

  test("W8 another container, a second replica and one that was stopped get everything; deletes and renames arrive", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a.txt": "1", "site/old/b.txt": "1" });
    const { tree, effects } = watched;
    await watched.synced();
    effects.containerIds.set("web", ["web-2", "web-3"]);
    renameSync(tree.at("site/old"), tree.at("site/new"));
    unlinkSync(tree.at("site/a.txt"));
    tree.write("site/c.txt", "2");
    const wanted = { "/srv/new/b.txt": "1", "/srv/c.txt": "2" };
    for (const id of ["web-2", "web-3"]) {
      await vi.waitFor(() => expect(Object.fromEntries(effects.files.get(id) ?? [])).toEqual(wanted), {
        timeout: 5000,
      });
    }
    effects.containerIds.set("web", ["web-1"]);
    tree.write("site/c.txt", "3");
    await watched.synced();
  });

  test("W9 saves of one size, in one tick, with times that stand still or go back are all seen", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a.txt": "0000" });
    const { tree } = watched;
    const file = tree.at("site/a.txt");
    const past = new Date(2001, 1, 1);
    for (let index = 1; index <= 10; index += 1) {
      writeFileSync(file, String(index).padStart(4, "0"));
      utimesSync(file, past, past);
      await watched.synced();
    }
  });

  test("W10 a file that a restart writes anew each time is left alone after three times, by its name", async () => {
    await using watched = await RealWatch.begin({
      "dock.yaml": `
name: demo
services:
  web: { image: busybox, dev: { mounts: ["./code:/code"], reload: restart } }
`,
      "code/started.txt": "0",
      "code/main.py": "1",
    });
    const { tree, effects } = watched;
    effects.onRestart = () => tree.write("code/started.txt", `${effects.calls.length}`);
    tree.write("code/main.py", "2");
    await watched.said((event) => event.type === "warning" && event.message.startsWith("code/started.txt changes"));
    await watched.quiet(4000);
    expect(effects.calls.length).toBeLessThanOrEqual(7);
    effects.onRestart = undefined;
    effects.calls.length = 0;
    tree.write("code/main.py", "3");
    await vi.waitFor(() => expect(effects.calls).toEqual(["restart web-1"]), { timeout: 5000 });
  });

  test("W11 unreadable directories, deep trees, long names and what goes while it is looked at are passed over", async () => {
    const deep = Array.from({ length: 300 }, () => "d").join("/");
    await using watched = await RealWatch.begin({
      "dock.yaml": SITE,
      "site/a.txt": "1",
      [`site/${deep}/end.txt`]: "1",
    });
    const { tree } = watched;
    mkdirSync(tree.at("site/closed"), { mode: 0o000 });
    tree.write(`site/${"n".repeat(255)}`, "long");
    await watched.synced();
    tree.write(`site/${deep}/end.txt`, "2");
    for (let index = 0; index < 200; index += 1) {
      tree.write(`site/gone/${index}/x`, "x");
      rmSync(tree.at(`site/gone/${index}`), { recursive: true });
    }
    tree.write("site/a.txt", "2");
    await watched.synced();
    chmodSync(tree.at("site/closed"), 0o700);
  });

  test("an included file whose directory is made later is seen when it comes, and each time it is saved", async () => {
    await using watched = await RealWatch.begin({ "dock.yaml": SITE, "site/a.txt": "0" });
    const { tree, effects } = watched;
    const services = (): readonly string[] => Object.keys(effects.applied?.project.services ?? {});
    tree.write("dock.yaml", `${SITE}include: [parts/deep/db.yaml]\n`);
    await watched.said((event) => event.type === "watch-action" && !event.ok);
    await watched.quiet();
    tree.write("parts/deep/db.yaml", "services: { db: { image: busybox } }\n");
    await vi.waitFor(() => expect(services()).toEqual(["web", "db"]), { timeout: 10_000, interval: 20 });
    await watched.quiet();
    tree.write("parts/deep/db.yaml", "services: { mail: { image: busybox } }\n");
    await vi.waitFor(() => expect(services()).toEqual(["web", "mail"]), { timeout: 10_000, interval: 20 });
  });
});
