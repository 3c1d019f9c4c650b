import { expect, onTestFinished, test } from "vitest";
import { credentials } from "../../../src/engine/buildkit/auth.ts";
import { openGrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { serveGrpc } from "../../../src/engine/buildkit/grpc-server.ts";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { systemClock } from "../../../src/std/clock.ts";
import { socketPair } from "./socket-pair.ts";

async function ask(request: Buffer): Promise<string[]> {
  const [near, far] = await socketPair();
  const method = credentials(async (host) => {
    if (host === "broken.test") throw new Error("helper not found");
    return Promise.resolve(host === "mine.test" ? { username: "me", secret: "s3cret" } : undefined);
  }, systemClock);
  const server = serveGrpc(far, new Map([["/Credentials", method]]));
  const client = openGrpcClient(near);
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  const answer: string[] = [];
  for await (const message of client.call("/Credentials", request, new AbortController().signal)) {
    for (const field of fields(message)) answer.push(field.kind === "bytes" ? field.value.toString() : "");
  }
  return answer;
}

test("only the host that has credentials gets them", async () => {
  expect(await ask(new MessageWriter().text(1, "mine.test").finish())).toEqual(["me", "s3cret"]);
  expect(await ask(new MessageWriter().text(1, "other.test").finish())).toEqual([]);
});

test("credentials that can't be looked up fail the build instead of pulling without", async () => {
  await expect(ask(new MessageWriter().text(1, "broken.test").finish())).rejects.toThrow("helper not found");
});

test("a request without a host is refused", async () => {
  await expect(ask(Buffer.alloc(0))).rejects.toMatchObject({ status: 3 });
});
