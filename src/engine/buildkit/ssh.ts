import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Method, type ServerCall, unary } from "./grpc-server.ts";
import { frame, GrpcError, STATUS } from "./grpc-wire.ts";
import { bytesMessage, readBytesMessage } from "./bytes-message.ts";
import { requestedId } from "./secrets.ts";

/** The id of a mount that names none. */
const DEFAULT_ID = "default";

/** `SSH.CheckAgent` and `SSH.ForwardAgent`: each call is a connection of its own to the agent of a declared id. */
export function sshMethods(agents: Readonly<Record<string, string>>): [string, Method][] {
  const socketOf = (id: string): string => {
    const name = id === "" ? DEFAULT_ID : id;
    const path = Object.hasOwn(agents, name) ? agents[name] : undefined;
    if (path === undefined) throw new GrpcError(STATUS.notFound, `no SSH agent ${JSON.stringify(name)}`);
    return path;
  };
  const check = unary((request) => {
    socketOf(requestedId(request));
    return Promise.resolve(new Uint8Array());
  });
  const forward: Method = async (call) => relay(call, socketOf(call.metadata("buildkit.ssh.id")[0] ?? ""));
  return [
    ["/moby.sshforward.v1.SSH/CheckAgent", check],
    ["/moby.sshforward.v1.SSH/ForwardAgent", forward],
  ];
}

/** Copies between the call and an agent until either ends. */
async function relay(call: ServerCall, path: string): Promise<void> {
  const agent = connect(path);
  const hangUp = (): void => void agent.destroy();
  call.signal.addEventListener("abort", hangUp, { once: true });
  // What goes wrong with the connection ends both directions.
  agent.on("error", () => undefined);
  try {
    await Promise.all([asked(call, agent), answered(call, agent)]);
  } finally {
    call.signal.removeEventListener("abort", hangUp);
    agent.destroy();
  }
}

async function asked(call: ServerCall, agent: Socket): Promise<void> {
  for await (const message of call.messages) {
    if (agent.destroyed) return;
    if (!agent.write(readBytesMessage(message)) && !agent.destroyed)
      await Promise.race([once(agent, "drain"), once(agent, "close")]);
  }
  agent.end();
}

async function answered(call: ServerCall, agent: Socket): Promise<void> {
  try {
    for await (const chunk of agent as AsyncIterable<Buffer>) await call.write(frame(bytesMessage(chunk)));
  } catch (error) {
    if (call.signal.aborted) return;
    throw new GrpcError(STATUS.unavailable, `the SSH agent can't be reached: ${(error as Error).message}`);
  }
}
