import { expect, test } from "vitest";
import { DockError } from "../../src/error.ts";
import { formatError } from "../../src/ui/error-view.ts";
import { styleWith } from "../../src/ui/style.ts";

const style = styleWith({ color: false });

test("an error says what is wrong, shows its detail and what to do", () => {
  const error = new DockError("build-failed", "image nginx: step [4/6] RUN make failed with exit code 2", {
    detail: "cc -c a.c\n::error::make: *** [all] Error 2\n",
    hint: "run `dock build nginx --no-cache`",
  });
  expect(formatError(error, style)).toBe(
    [
      "error: image nginx: step [4/6] RUN make failed with exit code 2",
      "  │ cc -c a.c",
      "  │ ::error::make: *** [all] Error 2",
      "  hint: run `dock build nginx --no-cache`",
    ].join("\n"),
  );
});

test("mistakes in the file come before the sentence that sums them up", () => {
  const error = new DockError("invalid-project", "dock.yaml is not valid", {
    diagnostics: [{ severity: "error", code: "x", message: "unknown key" }],
  });
  expect(formatError(error, style)).toBe("error unknown key\n\n1 error\n\nerror: dock.yaml is not valid");
});

test("several errors follow each other", () => {
  const both = new AggregateError([new DockError("conflict", "a"), new DockError("conflict", "b")]);
  expect(formatError(both, style)).toBe("error: a\n\nerror: b");
});

test("anything else is owned up to as a bug, with its stack and causes", () => {
  const text = formatError(new TypeError("x is undefined", { cause: new Error("below") }), style);
  expect(text).toMatch(/^internal error: TypeError: x is undefined\n {4}at /);
  expect(text).toContain("caused by: Error: below\n");
  expect(text).toContain("this is a bug in dock");
  expect(formatError("oops", style)).toMatch(/^internal error: thrown: oops\n/);
});

test("an error's text can't touch the terminal", () => {
  expect(formatError(new DockError("engine-refused", "no such image \x1b[2J\u202e"), style)).toBe(
    "error: no such image ^[[2J\\u202e",
  );
});
