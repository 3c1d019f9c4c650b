#!/usr/bin/env node
// What `dock` starts with. The program's chunks lie in two scripts: `hot.js` holds what the everyday commands load,
// `cold.js` the rest. Both are compiled from V8's code cache where there is one that fits: the one that the build made,
// or, where Node is another one, one that was made at the end of an earlier run. Without a cache all is as well, slower.
"use strict";
const { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");

/** Digest of both scripts, put in by the build: caches of other releases are never looked at. */
const RELEASE = "__RELEASE__";
/** V8 tells by itself when a cache is of another version of it or of other flags. */
const CACHE_NAME = `${RELEASE}-${process.versions.v8}-${process.arch}`;
/** Caches in the user's directory, of releases and versions of Node that are in use side by side. */
const KEPT = 8;

/** @typedef {(exports: object, require: (id: string) => unknown, module: { exports: object }) => void} Chunk */
/** @type {Map<string, { exports: object }>} */
const loaded = new Map();
/** @type {Record<string, Chunk>[]} */
const programs = [];

/** The exports of a chunk, or of one of Node's own modules. @param {string} id @returns {unknown} */
function load(id) {
  if (!id.startsWith("./")) return require(id);
  const name = id.slice(id.lastIndexOf("/") + 1);
  const known = loaded.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  chunk(name)(module.exports, load, module);
  return module.exports;
}

/** @param {string} name @returns {Chunk} */
function chunk(name) {
  for (const file of ["hot.js", "cold.js"].slice(programs.length)) {
    if (programs.some((program) => Object.hasOwn(program, name))) break;
    programs.push(compile(file));
  }
  const program = programs.find((candidate) => Object.hasOwn(candidate, name));
  if (!program) throw new Error(`this release lacks its part ${name}: install it again`);
  return /** @type {Chunk} */ (program[name]);
}

/** @param {string} name @returns {Record<string, Chunk>} */
function compile(name) {
  const filename = join(__dirname, name);
  const source = readFileSync(filename, "latin1");
  const cached = builtCache(name) ?? usersCache(name);
  const script = new Script(source, { filename, ...(cached ? { cachedData: cached } : {}) });
  if (!cached || script.cachedDataRejected === true) process.once("exit", () => saveCache(name, { source, filename }));
  return script.runInThisContext();
}

/** @param {string} name */
function builtCache(name) {
  try {
    return readFileSync(join(__dirname, `${name}.${CACHE_NAME}`));
  } catch {
    return undefined;
  }
}

/**
 * A cache in the user's directory. V8 trusts what is in it, so it has to be a file that nobody else can write, and it
 * holds everything twice, which shows damage quicker than any checksum that is loaded by now.
 * @param {string} name
 */
function usersCache(name) {
  try {
    const file = openSync(join(cacheDirectory(), `${name}.${CACHE_NAME}`), "r");
    try {
      const { uid, mode } = fstatSync(file);
      if (process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
      const twice = readFileSync(file);
      const half = twice.length / 2;
      return twice.length > 0 && twice.compare(twice, half, twice.length, 0, half) === 0
        ? twice.subarray(0, half)
        : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Compiles every function of the script, so that the cache serves any command. @param {string} name @param {{ source: string, filename: string }} script */
function saveCache(name, { source, filename }) {
  const { renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
  const { setFlagsFromString } = require("node:v8");
  const directory = cacheDirectory();
  const temporary = join(directory, `${process.pid}.tmp`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // The flags are part of what V8 checks, and `--lazy` is the default that later runs have.
    setFlagsFromString("--no-lazy");
    const script = new Script(source, { filename });
    setFlagsFromString("--lazy");
    const data = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([data, data]), { mode: 0o600, flag: "wx" });
    renameSync(temporary, join(directory, `${name}.${CACHE_NAME}`));
    const byAge = readdirSync(directory)
      .map((entry) => ({ path: join(directory, entry), age: statSync(join(directory, entry)).mtimeMs }))
      .sort((a, b) => b.age - a.age);
    for (const { path } of byAge.slice(KEPT)) rmSync(path);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function cacheDirectory() {
  const base = process.env["XDG_CACHE_HOME"] || join(require("node:os").homedir(), ".cache");
  return join(base, "dockyaml", "code");
}

load("./main.js");
