import { type BlobWriter, type ContentStore } from "./content-store.ts";
import {
  infoAnswer,
  parseReadRequest,
  parseWriteRequest,
  readAnswer,
  requestedDigest,
  writeAnswer,
} from "./content-message.ts";
import { unary, type Method, type ServerCall } from "./grpc-server.ts";
import { frame, GrpcError, STATUS } from "./grpc-wire.ts";

const SERVICE = "/containerd.services.content.v1.Content";

/** Says which of the stores a call is about. */
const STORE_ID = "buildkit-attachable-store-id";

/** Containerd's content service: the builder reads and writes blobs of the stores that this build names, by their ids. */
export function contentMethods(stores: Readonly<Record<string, ContentStore>>): [string, Method][] {
  const chosen = (call: ServerCall): ContentStore => {
    const [id = ""] = call.metadata(STORE_ID);
    const store = Object.hasOwn(stores, id) ? stores[id] : undefined;
    if (!store) throw new GrpcError(STATUS.notFound, `no store ${JSON.stringify(id)}`);
    return store;
  };
  const info: Method = (call) =>
    unary(async (request) => {
      const digest = requestedDigest(request);
      return infoAnswer(digest, await sizeOf(chosen(call), digest));
    })(call);
  return [
    [`${SERVICE}/Info`, info],
    [`${SERVICE}/Read`, (call) => read(call, chosen(call))],
    [`${SERVICE}/Write`, (call) => write(call, chosen(call))],
    // A blob that was not written to its end is begun anew.
    [`${SERVICE}/Status`, unary(() => Promise.reject(new GrpcError(STATUS.notFound, "no such write")))],
    [`${SERVICE}/Abort`, unary(() => Promise.resolve(Buffer.alloc(0)))],
  ];
}

async function sizeOf(store: ContentStore, digest: string): Promise<number> {
  const size = await store.size(digest);
  if (size === undefined) throw new GrpcError(STATUS.notFound, `no content ${JSON.stringify(digest)}`);
  return size;
}

async function read(call: ServerCall, store: ContentStore): Promise<void> {
  for await (const message of call.messages) {
    const { digest, offset, size } = parseReadRequest(message);
    const rest = Math.max((await sizeOf(store, digest)) - offset, 0);
    let at = offset;
    for await (const data of store.read(digest, { offset, size: size > 0 ? Math.min(size, rest) : rest })) {
      await call.write(frame(readAnswer(at, data)));
      at += data.length;
    }
    return;
  }
}

/** One stream writes one blob: where it is, more of it, and at the end what it has to come to. */
async function write(call: ServerCall, store: ContentStore): Promise<void> {
  let writer: BlobWriter | undefined;
  let expected = "";
  let offset = 0;
  try {
    for await (const message of call.messages) {
      const request = parseWriteRequest(message);
      if (request.expected !== "") expected = request.expected;
      if (expected !== "" && (await store.size(expected)) !== undefined)
        throw new GrpcError(STATUS.alreadyExists, `content ${expected} is there already`);
      writer ??= store.write();
      if (request.data.length > 0) {
        if (request.offset !== offset) throw new GrpcError(STATUS.outOfRange, `the write is at ${offset}`);
        await writer.append(request.data);
        offset += request.data.length;
      }
      if (request.action !== "commit") {
        await call.write(frame(writeAnswer(request.action, { offset, total: request.total })));
        continue;
      }
      if (request.total > 0 && request.total !== offset)
        throw new GrpcError(STATUS.failedPrecondition, `${offset} bytes came of ${request.total}`);
      const digest = await writer.commit(expected);
      await call.write(frame(writeAnswer("commit", { offset, total: offset, digest })));
      return;
    }
  } finally {
    await writer?.abandon();
  }
}
