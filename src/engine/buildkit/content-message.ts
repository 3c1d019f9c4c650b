import { fields, MessageWriter } from "./pb.ts";

/** A part of a blob that the builder asks for; size 0 means all the rest. */
export interface ReadRequest {
  readonly digest: string;
  readonly offset: number;
  readonly size: number;
}

/** What a write wants to know or to do. */
export interface WriteRequest {
  readonly action: WriteAction;
  /** Bytes that the whole blob has; 0 where it is not said. */
  readonly total: number;
  /** Digest that the whole blob has; empty where it is not said. */
  readonly expected: string;
  readonly offset: number;
  readonly data: Buffer;
}

const ACTIONS = ["stat", "write", "commit"] as const;

/** `commit` ends a write, `stat` only asks how far it is. */
export type WriteAction = (typeof ACTIONS)[number];

/** The digest that an `InfoRequest` names. */
export function requestedDigest(message: Uint8Array): string {
  return parseReadRequest(message).digest;
}

/** Reads a `ReadContentRequest`. Throws `MalformedMessage`. */
export function parseReadRequest(message: Uint8Array): ReadRequest {
  let request: ReadRequest = { digest: "", offset: 0, size: 0 };
  for (const field of fields(message)) {
    if (field.kind === "bytes" && field.number === 1) request = { ...request, digest: field.value.toString("utf8") };
    else if (field.kind === "varint" && field.number === 2) request = { ...request, offset: Math.max(field.value, 0) };
    else if (field.kind === "varint" && field.number === 3) request = { ...request, size: Math.max(field.value, 0) };
  }
  return request;
}

/** Reads a `WriteContentRequest`. Throws `MalformedMessage`. */
export function parseWriteRequest(message: Uint8Array): WriteRequest {
  let request: WriteRequest = { action: "stat", total: 0, expected: "", offset: 0, data: Buffer.alloc(0) };
  for (const field of fields(message)) {
    if (field.kind === "varint") {
      if (field.number === 1) request = { ...request, action: ACTIONS[field.value] ?? "stat" };
      else if (field.number === 3) request = { ...request, total: field.value };
      else if (field.number === 5) request = { ...request, offset: field.value };
    } else if (field.number === 4) request = { ...request, expected: field.value.toString("utf8") };
    else if (field.number === 6) request = { ...request, data: field.value };
  }
  return request;
}

/** The serialized `InfoResponse` of a blob. */
export function infoAnswer(digest: string, size: number): Buffer {
  return new MessageWriter().bytes(1, new MessageWriter().text(1, digest).uint(2, size).finish()).finish();
}

/** A serialized `ReadContentResponse`. */
export function readAnswer(offset: number, data: Uint8Array): Buffer {
  return new MessageWriter().uint(1, offset).bytes(2, data).finish();
}

/** A serialized `WriteContentResponse`: how far a write is, and its digest at the end. */
export function writeAnswer(
  action: WriteAction,
  { offset, total, digest = "" }: { readonly offset: number; readonly total: number; readonly digest?: string },
): Buffer {
  return new MessageWriter().uint(1, ACTIONS.indexOf(action)).uint(4, offset).uint(5, total).text(6, digest).finish();
}
