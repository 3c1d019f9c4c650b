import { describe, expect, test } from "vitest";
import { parseImageReference, withTag } from "../../src/project/image-reference.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("an image reference", () => {
  test.each([
    ["nginx", "nginx:latest"],
    ["nginx:1.27", "nginx:1.27"],
    ["team/app", "team/app:latest"],
    ["localhost/app", "localhost/app:latest"],
    ["localhost:5000/app", "localhost:5000/app:latest"],
    ["Example.com/app:V1", "Example.com/app:V1"],
    ["[::1]:5000/app:x", "[::1]:5000/app:x"],
    ["a.b_c__d---e", "a.b_c__d---e:latest"],
    [`nginx@${DIGEST}`, `nginx@${DIGEST}`],
    [`nginx:1@${DIGEST}`, `nginx:1@${DIGEST}`],
  ])("%s", (text, full) => {
    const reference = parseImageReference(text);
    expect(reference && withTag(reference)).toBe(full);
  });

  test.each([
    "",
    "Nginx",
    "a/B",
    "nginx:",
    ":1",
    "nginx:-x",
    "a//b",
    "/a",
    "a/",
    "a..b",
    "-a",
    "a_-b",
    "nginx@sha256:12",
    "nginx@",
    "a b",
    "http://a/b",
    `a:${"x".repeat(129)}`,
    "a".repeat(256),
  ])("%j is none", (text) => expect(parseImageReference(text)).toBeUndefined());
});
