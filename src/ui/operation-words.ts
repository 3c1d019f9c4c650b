import type { Operation, OperationKind } from "../plan/operation.ts";

/** How an operation is spoken of while it runs and when it is done. */
export interface OperationWords {
  readonly doing: string;
  readonly done: string;
  /** True where people would wonder what takes so long: its start is worth a line. */
  readonly slow: boolean;
}

const WORDS = {
  "image.build": { doing: "building", done: "built", slow: true },
  "image.pull": { doing: "pulling", done: "pulled", slow: true },
  "image.tag": { doing: "tagging", done: "tagged", slow: false },
  "image.remove": { doing: "untagging", done: "untagged", slow: false },
  "network.create": { doing: "creating", done: "created", slow: false },
  "network.remove": { doing: "removing", done: "removed", slow: false },
  "network.connect": { doing: "connecting", done: "connected", slow: false },
  "network.disconnect": { doing: "disconnecting", done: "disconnected", slow: false },
  "volume.create": { doing: "creating", done: "created", slow: false },
  "volume.remove": { doing: "removing", done: "removed", slow: false },
  "container.create": { doing: "creating", done: "created", slow: false },
  "container.start": { doing: "starting", done: "started", slow: false },
  "container.stop": { doing: "stopping", done: "stopped", slow: true },
  "container.remove": { doing: "removing", done: "removed", slow: false },
  "container.replace": { doing: "replacing", done: "replaced", slow: true },
  "container.rename": { doing: "renaming", done: "renamed", slow: false },
  "container.update": { doing: "updating", done: "updated", slow: false },
  "container.restart": { doing: "restarting", done: "restarted", slow: true },
  "container.wait": { doing: "waiting", done: "ready", slow: true },
} as const satisfies Record<OperationKind, OperationWords>;

const READY = {
  alive: { doing: "starting", done: "running", slow: false },
  healthy: { doing: "waiting", done: "healthy", slow: true },
  ready: { doing: "waiting", done: "ready", slow: true },
  completed: { doing: "waiting", done: "completed", slow: true },
} as const satisfies Record<string, OperationWords>;

/** The words for an operation; a wait is named after what it waits for. */
export function operationWords(operation: Operation): OperationWords {
  return operation.kind === "container.wait" ? READY[operation.until] : WORDS[operation.kind];
}
