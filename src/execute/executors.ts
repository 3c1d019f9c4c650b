import type { Operation, OperationKind } from "../plan/operation.ts";
import type { Execution } from "./execution.ts";
import {
  createContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  updateContainer,
  waitForContainer,
} from "./operations/container.ts";
import { buildImage, pullImage, removeImage, tagImage } from "./operations/image.ts";
import { connectNetwork, createNetwork, disconnectNetwork, removeNetwork } from "./operations/network.ts";
import { replaceContainer } from "./operations/replace.ts";
import { createVolume, removeVolume } from "./operations/volume.ts";

/** Carries out one operation; what it returns is a word for the reader, undefined when there is nothing to add. */
export type Executor<K extends OperationKind> = (
  operation: Operation<K>,
  execution: Execution,
  signal: AbortSignal,
) => Promise<string | undefined>;

/** One executor for every kind of operation: a kind that lacks one does not compile. */
export type Executors = { readonly [K in OperationKind]: Executor<K> };

export const EXECUTORS: Executors = {
  "image.build": buildImage,
  "image.pull": pullImage,
  "image.tag": tagImage,
  "image.remove": removeImage,
  "network.create": createNetwork,
  "network.remove": removeNetwork,
  "network.connect": connectNetwork,
  "network.disconnect": disconnectNetwork,
  "volume.create": createVolume,
  "volume.remove": removeVolume,
  "container.create": createContainer,
  "container.start": startContainer,
  "container.stop": stopContainer,
  "container.remove": removeContainer,
  "container.replace": replaceContainer,
  "container.rename": renameContainer,
  "container.update": updateContainer,
  "container.restart": restartContainer,
  "container.wait": waitForContainer,
};
