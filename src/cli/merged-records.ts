import type { LogRecord } from "../engine/log-records.ts";

type Timed = Pick<LogRecord, "at">;

/** A line and the index of the log that it is from. */
export interface SourcedRecord<T extends Timed> {
  readonly source: number;
  readonly record: T;
}

/** The lines of several logs in the order of their times; those of one log stay in its order. One line of each is held. */
export async function* mergedRecords<T extends Timed>(
  logs: readonly AsyncIterable<T>[],
): AsyncGenerator<SourcedRecord<T>, void, void> {
  const readers = logs.map((log) => log[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(readers.map(async (reader) => reader.next()));
    for (;;) {
      let source = -1;
      let first: T | undefined;
      for (const [index, head] of heads.entries()) {
        if (head.done === true || (first !== undefined && head.value.at >= first.at)) continue;
        source = index;
        first = head.value;
      }
      const reader = readers[source];
      if (first === undefined || reader === undefined) return;
      yield { source, record: first };
      heads[source] = await reader.next();
    }
  } finally {
    await Promise.all(readers.map(async (reader) => reader.return?.(undefined)));
  }
}
