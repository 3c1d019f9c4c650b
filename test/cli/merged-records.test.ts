import { expect, test } from "vitest";
import { mergedRecords } from "../../src/cli/merged-records.ts";

interface Source {
  readonly log: AsyncGenerator<{ at: string }>;
  closed: boolean;
}

function source(...times: readonly string[]): Source {
  const made: Source = { log: read(), closed: false };
  async function* read(): AsyncGenerator<{ at: string }> {
    try {
      for (const at of times) yield { at };
    } finally {
      made.closed = true;
    }
  }
  return made;
}

async function merged(...sources: readonly Source[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { source: index, record } of mergedRecords(sources.map(({ log }) => log))) {
    lines.push(`${index}:${record.at}`);
  }
  return lines;
}

test("logs come in the order of time, each in its own order", async () => {
  expect(await merged(source("1", "4"), source(), source("2", "3", "5"))).toEqual(["0:1", "2:2", "2:3", "0:4", "2:5"]);
  expect(await merged(source("2", "1"), source("2"))).toEqual(["0:2", "0:1", "1:2"]);
  expect(await merged()).toEqual([]);
});

test("whoever leaves early closes all of them", async () => {
  const sources = [source("1", "3"), source("2", "4")];
  for await (const _ of mergedRecords(sources.map(({ log }) => log))) break;
  expect(sources.map(({ closed }) => closed)).toEqual([true, true]);
});
