import { expect, onTestFinished, test } from "vitest";
import type { Credentials } from "../../../src/engine/auth.ts";
import { credentials } from "../../../src/engine/buildkit/auth.ts";
import { openGrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { serveGrpc } from "../../../src/engine/buildkit/grpc-server.ts";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { systemClock } from "../../../src/std/clock.ts";
import { socketPair } from "./socket-pair.ts";

const KNOWN: Readonly<Record<string, Credentials | Error>> = {
  "mine.test": { username: "me", password: "s3cret", serverAddress: "mine.test" },
  "token.test": { username: "<token>", password: "", identityToken: "t0ken", serverAddress: "token.test" },
  "broken.test": new Error("helper not found"),
};

async function ask(request: Buffer): Promise<string[]> {
  const [near, far] = await socketPair();
  const method = credentials((host) => {
    const known = KNOWN[host];
    return known instanceof Error ? Promise.reject(known) : Promise.resolve(known);
  }, systemClock);
  const server = serveGrpc(far, new Map([["/Credentials", method]]));
  const client = openGrpcClient(near);
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  const answer: string[] = [];
  for await (const message of client.call("/Credentials", request, new AbortController().signal)) {
    for (const field of fields(message))
      answer.push(`${field.number} ${field.kind === "bytes" ? field.value.toString() : ""}`);
  }
  return answer;
}

test("only the host that has credentials gets them", async () => {
  expect(await ask(new MessageWriter().text(1, "mine.test").finish())).toEqual(["1 me", "2 s3cret"]);
  expect(await ask(new MessageWriter().text(1, "other.test").finish())).toEqual([]);
});

test("an identity token comes without a user", async () => {
  expect(await ask(new MessageWriter().text(1, "token.test").finish())).toEqual(["2 t0ken"]);
});

test("credentials that can't be looked up fail the build instead of pulling without", async () => {
  await expect(ask(new MessageWriter().text(1, "broken.test").finish())).rejects.toThrow("helper not found");
});

test("a request without a host is refused", async () => {
  await expect(ask(Buffer.alloc(0))).rejects.toMatchObject({ status: 3 });
});
