import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { debianCodename, unpackPackages } from "../engine/apt.mjs";
import { run } from "../engine/run.mjs";
import { PATH } from "./debian.mjs";
import { cachedLayer } from "./layer.mjs";

/** Debian's static BusyBox with a link for each of its commands, in the place of `busybox:latest`. */
export async function busyboxStandIn(/** @type {string} */ name) {
  const release = debianCodename();
  const layer = await cachedLayer("busybox", { recipe: 1, release }, fill);
  return {
    name,
    about: `busybox-static of Debian ${release}`,
    layers: [{ layer, by: `BusyBox (static, Debian ${release}), a stand-in` }],
    config: { Cmd: ["sh"], Env: [PATH] },
  };
}

async function fill(/** @type {string} */ root) {
  const unpacked = mkdtempSync(join(tmpdir(), "dock-busybox-"));
  try {
    await unpackPackages({ packages: ["busybox-static"], into: unpacked });
    for (const folder of ["bin", "dev", "etc", "home", "root", "tmp", "usr/bin", "usr/sbin", "var/spool/mail"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    chmodSync(join(root, "root"), 0o700);
    chmodSync(join(root, "tmp"), 0o1777);
    const busybox = join(root, "bin/busybox");
    copyFileSync(join(unpacked, "bin/busybox"), busybox);
    chmodSync(busybox, 0o755);
    const applets = (await run([busybox, "--list"])).split("\n").filter((name) => name !== "" && name !== "busybox");
    for (const applet of applets) linkSync(busybox, join(root, "bin", applet));
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  const accounts = [
    ["root", 0, "/root", "/bin/sh"],
    ["daemon", 1, "/usr/sbin", "/bin/false"],
    ["www-data", 33, "/var/www", "/bin/false"],
    ["nobody", 65534, "/home", "/bin/false"],
  ];
  const passwd = accounts.map(([name, id, home, shell]) => `${name}:x:${id}:${id}:${name}:${home}:${shell}\n`);
  writeFileSync(join(root, "etc/passwd"), passwd.join(""));
  writeFileSync(join(root, "etc/group"), accounts.map(([name, id]) => `${name}:x:${id}:\n`).join(""));
}
