import { get } from "node:http";
import { connect } from "node:net";
import type { ContainerDetail } from "../engine/container-detail.ts";
import { DockError } from "../error.ts";
import type { ReadyProbe } from "../project/readiness-model.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Execution } from "./execution.ts";

/** Between two tries of a port, in milliseconds: nothing tells when a process begins to listen. */
const RETRY_MS = 50;

/** How long one try may take. */
const TRY_MS = 2_000;

/** What a probe looks at. */
export interface Probed {
  readonly wanted: WantedSlot;
  readonly id: string;
  readonly probe: ReadyProbe;
}

/** Resolves as soon as the probe says that the container can be used; only the signal ends it otherwise. */
export async function probeReady(execution: Execution, probed: Probed, signal: AbortSignal): Promise<void> {
  const detail = await execution.engine.inspectContainer(probed.id, signal);
  const { probe } = probed;
  if (probe.kind === "log") return logMatches(execution, { ...probed, detail, pattern: probe.pattern }, signal);
  const address = addressOf(execution, { ...probed, detail, port: probe.port });
  const answers = probe.kind === "tcp" ? () => takesConnections(address) : () => answersHttp(address, probe.path);
  while (!(await answers())) {
    signal.throwIfAborted();
    await execution.clock.sleep(RETRY_MS, signal);
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * The container's own address where this machine reaches it, which a Linux engine's is: behind a published port
 * docker's proxy takes connections before the process does. Elsewhere the published port.
 */
function addressOf(
  execution: Execution,
  of: { readonly wanted: WantedSlot; readonly detail: ContainerDetail; readonly port: number },
): Address {
  const { observed } = execution;
  const [own] = Object.values(of.detail.ipAddresses);
  if (of.wanted.service.networkMode === "host") return { host: "127.0.0.1", port: of.port };
  if (own !== undefined && !observed.engine.remote && process.platform === "linux") return { host: own, port: of.port };
  const published = of.wanted.service.ports.find(
    ({ containerPort, hostPort }) => containerPort === of.port && hostPort !== undefined,
  );
  if (published?.hostPort === undefined) {
    throw new DockError(
      "not-ready",
      `service ${of.wanted.slot.service} is to be ready on port ${of.port}, which this machine can't reach`,
      {
        hint: `publish it ("ports:"), or use "ready: log /…/" or a health check`,
      },
    );
  }
  return { host: published.hostIp === "0.0.0.0" ? "127.0.0.1" : published.hostIp, port: published.hostPort };
}

async function takesConnections({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TRY_MS });
    const settle = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}

async function answersHttp({ host, port }: Address, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      { host, port, path, timeout: TRY_MS, agent: false, headers: { host: `localhost:${port}` } },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        resolve(status >= 200 && status < 400);
      },
    );
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

async function logMatches(
  execution: Execution,
  of: Probed & { readonly detail: ContainerDetail; readonly pattern: string },
  signal: AbortSignal,
): Promise<void> {
  const expression = new RegExp(of.pattern, "u");
  const options = {
    follow: true,
    since: String(Date.parse(of.detail.startedAt) / 1000),
    timestamps: false,
    tty: of.wanted.service.tty,
  };
  for await (const { text } of execution.engine.containerLogs(of.id, options, signal)) {
    if (expression.test(text)) return;
  }
  signal.throwIfAborted();
  // Its output has ended without the line: how the container ended is told by whoever waits for that.
  await new Promise<never>(() => undefined);
}
