import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileLines } from "../../src/context/file-lines.ts";

/** Short, and full of what could be taken for the end of a line. */
const path = fc.string({ unit: fc.constantFrom("a", '"', "\\", " ", "\n", "é"), minLength: 1, maxLength: 4 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), path }),
  fc.record({ kind: fc.constant("set" as const), path, line: fc.constantFrom("5 sure 0", "6 racy 1", "") }),
  fc.record({ kind: fc.constant("delete" as const), path }),
  fc.record({ kind: fc.constant("store" as const) }),
);

describe("FileLines", () => {
  it("is a map, whether few or many are asked for, and the same after it was written and read", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const map = new Map<string, string>();
        let lines = new FileLines();
        for (const one of steps) {
          if (one.kind === "get") expect(lines.get(one.path)).toBe(map.get(one.path));
          else if (one.kind === "store") lines = new FileLines([...lines.text()].join(""));
          else if (one.kind === "set") {
            map.set(one.path, one.line);
            lines.set(one.path, one.line);
          } else {
            map.delete(one.path);
            lines.delete(one.path);
          }
        }
        expect(new Map(lines.entries())).toEqual(map);
      }),
      { numRuns: 500 },
    );
  });
});
