import fc from "fast-check";
import { expect, test } from "vitest";
import { route } from "../../src/engine/route.ts";

test("a value stays one value of the path, whatever it contains", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (value) => {
      const dangerous = value.split("/").some((segment) => ["", ".", ".."].includes(segment));
      if (dangerous) {
        expect(() => route`/containers/${value}/json`).toThrow("no name");
        return;
      }
      const path = route`/containers/${value}/json`;
      expect(path).toMatch(/^\/containers\/[^?#\s]+\/json$/);
      expect(new URL(path, "http://engine").pathname.split("/")).toHaveLength(value.split("/").length + 3);
      expect(decodeURIComponent(path)).toBe(`/containers/${value}/json`);
    }),
  );
});

test("image references keep their slashes, colons and digests", () => {
  expect(route`/images/${"registry.local:5000/a/b:c"}/json`).toBe("/images/registry.local:5000/a/b:c/json");
  expect(route`/images/${"a@sha256:0"}/json`).toBe("/images/a@sha256:0/json");
  expect(route`/containers/${"a?force=1"}/json`).toBe("/containers/a%3Fforce%3D1/json");
});
