#!/usr/bin/env node
// What `dock` starts with. What every run loads of the program's chunks is in this file. The others lie in two scripts:
// `hot.js` holds what the everyday commands load, `cold.js` the rest. Both are run from V8's code cache where there is
// one that fits: the build's, or one that an earlier run left in the user's cache directory because Node is another one
// here, or because the build's lacks what a command uses. Without a cache everything works as well, slower.
"use strict";
const { closeSync, fstatSync, openSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

/** Digest of both scripts, put in by the build: caches of other releases are never looked at. */
const RELEASE = "__RELEASE__";
/** V8 tells by itself when a cache is of another version of it or of other flags. */
const SUFFIX = `${RELEASE}-${process.versions.v8}-${process.arch}.cache`;
/** Caches in the user's directory, of releases and versions of Node that are in use side by side. */
const KEPT = 8;
/** A long run may have lost functions again that it began with. Seconds. */
const SHORT_RUN = 5;

/** @typedef {(exports: object, require: (id: string) => unknown, module: { exports: object }) => void} Chunk */
/** @type {Map<string, { exports: object }>} */
const loaded = new Map();
/** @type {Record<string, Chunk>[]} */
const programs = [__MAIN__];

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
  for (const file of ["hot.js", "cold.js"].slice(programs.length - 1)) {
    if (programs.some((program) => Object.hasOwn(program, name))) break;
    programs.push(compile(file));
  }
  const program = programs.find((candidate) => Object.hasOwn(candidate, name));
  if (!program) throw new Error(`this release lacks its part ${name}: install it again`);
  return /** @type {Chunk} */ (program[name]);
}

/** @param {string} name @returns {Record<string, Chunk>} */
function compile(name) {
  const { Script } = require("node:vm");
  const filename = join(__dirname, name);
  const source = part(name).toString("latin1");
  const cache = ofUser(`${name}.${SUFFIX}`) ?? ofBuild(`${name}.${SUFFIX}`);
  const script = new Script(source, { filename, ...(cache ? { cachedData: cache.data } : {}) });
  const program = script.runInThisContext();
  const known = cache && script.cachedDataRejected === false ? cache.chunks : [];
  process.once("exit", (code) => {
    const used = [...loaded.keys()].filter((chunk) => Object.hasOwn(program, chunk));
    if (code !== 0 || process.uptime() > SHORT_RUN || used.every((chunk) => known.includes(chunk))) return;
    save(name, { chunks: [...new Set([...known, ...used])], data: script.createCachedData() });
  });
  return program;
}

/** A file of the release. An executable has them inside: its build puts another expression here. @param {string} name */
function part(name) {
  return readFileSync(join(__dirname, name));
}

/** @typedef {{ chunks: string[], data: Buffer }} Cache V8's data, and the names of the chunks whose functions it holds */

/** The cache that the build made: as trustworthy as the release itself. @param {string} name @returns {Cache | undefined} */
function ofBuild(name) {
  try {
    return parse(part(name));
  } catch {
    return undefined;
  }
}

/**
 * The cache that an earlier run left. V8 trusts what is in it, so it has to be a file that nobody else can write, and
 * everything is in it twice, which shows damage quicker than any checksum that Node has loaded by now.
 * @param {string} name
 * @returns {Cache | undefined}
 */
function ofUser(name) {
  try {
    const file = openSync(join(cacheDirectory(), name), "r");
    try {
      const { uid, mode } = fstatSync(file);
      if (process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
      const twice = readFileSync(file);
      const half = twice.length / 2;
      return twice.compare(twice, half, twice.length, 0, half) === 0 ? parse(twice.subarray(0, half)) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** @param {Buffer} bytes @returns {Cache} */
function parse(bytes) {
  const start = 4 + bytes.readUInt32LE(0);
  return { chunks: JSON.parse(bytes.toString("latin1", 4, start)), data: bytes.subarray(start) };
}

/** Leaves a cache for later runs; where that is not possible they go without. @param {string} name @param {Cache} cache */
function save(name, { chunks, data }) {
  const { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
  const directory = cacheDirectory();
  const temporary = join(directory, `${process.pid}.tmp`);
  const names = Buffer.from(JSON.stringify(chunks));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(names.length);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, Buffer.concat([length, names, data, length, names, data]), { mode: 0o600 });
    renameSync(temporary, join(directory, `${name}.${SUFFIX}`));
    const byAge = readdirSync(directory)
      .map((entry) => ({ path: join(directory, entry), changed: statSync(join(directory, entry)).mtimeMs }))
      .sort((a, b) => b.changed - a.changed);
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
