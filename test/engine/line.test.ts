import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { FakeEngine } from "../support/fake-engine.ts";

/** Loads the library with its heavy parts replaced by nothing, as the release bundle does, and sends a ping. */
const PROGRAM = `
const Module = require("node:module");
const load = Module._load;
const stubbed = [];
Module._load = function (request, ...rest) {
  if (/^(ssh2|@grpc\\/|cpu-features|protobufjs)/.test(request)) {
    stubbed.push(request);
    return {};
  }
  return load.call(this, request, ...rest);
};
const Docker = require(process.argv[1]);
const { modem } = new Docker({ socketPath: process.argv[2] });
const call = { path: "/_ping", method: "GET", isStream: true, statusCodes: { 200: true } };
modem.dial(call, (error, response) => {
  if (error) throw error;
  response.resume().on("end", () => console.log(JSON.stringify({ status: response.statusCode, stubbed })));
});
`;

test("the library works without ssh2 and gRPC, which the release leaves out", async () => {
  await using fake = await FakeEngine.start();
  const library = createRequire(import.meta.url).resolve("dockerode");
  const child = spawn(process.execPath, ["-e", PROGRAM, library, fake.socketPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  const { status, stubbed } = JSON.parse(output) as { status: number; stubbed: string[] };
  expect(status).toBe(200);
  expect(stubbed.sort()).toEqual(["@grpc/grpc-js", "@grpc/proto-loader", "ssh2"]);
});
