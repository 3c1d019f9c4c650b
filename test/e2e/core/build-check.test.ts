import { expect } from "vitest";
import { type Scenario, scenario } from "../../support/scenario.ts";

/** Rules that every builder with checks has. */
const DOCKERFILE = ["FROM busybox:latest AS run", "MAINTAINER nobody", "ENV GREETING=$PARENT", "RUN false", ""].join(
  "\n",
);

scenario("build --check tells what the builder's linter says, and builds nothing", async ({ s }) => {
  await s.write({ "app/Dockerfile": DOCKERFILE, "bad/Dockerfile": "FROM busybox:latest\nFRM x\n" });
  await s.declare({
    images: {
      app: { context: "app", tags: `${s.project}:app`, secrets: [{ id: "token", env: "NOT_SET" }] },
      again: { context: "app", target: "run" },
      base: { dockerfile_inline: "FROM busybox:latest\nENV PARENT=1\n" },
      child: { dockerfile_inline: "FROM base\nENV GREETING=$$PARENT\n" },
      bad: { context: "bad" },
    },
  });
  const before = await s.engine.get("/images/json?all=1");
  const checked = await s.run(["build", "--check", "app", "again"]);
  if (/^1\.(?:[1-3]\d|4[0-5])$/.test(await apiVersion(s))) {
    expect(checked.code).toBe(2);
    expect(checked.stderr).toContain("this engine's builder does not check Dockerfiles");
    expect(checked.stderr).toContain("use Docker Engine 27 or newer");
    expect(await s.engine.get("/images/json?all=1")).toEqual(before);
    return;
  }
  expect(checked.code, checked.stderr).toBe(1);
  expect(checked.stdout.split("\n")).toEqual([
    "app/Dockerfile:2: MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
    expect.stringMatching(/^ {2}https:\/\/.*maintainer-deprecated/),
    "app/Dockerfile:3: UndefinedVar: Usage of undefined variable '$PARENT'",
    expect.stringMatching(/^ {2}https:\/\/.*undefined-var/),
    "Checked 2 images: 2 findings.",
    "",
  ]);
  const unbuilt = await s.dock(["build", "--check", "child", "base"]);
  expect(unbuilt.stderr).toContain("image child is checked without what base sets, which is not built");
  expect(unbuilt.stdout).toBe("Checked 2 images: nothing found.\n");
  const json = await s.dock(["build", "--check", "--json", "bad", "again"], { code: 1 });
  expect(JSON.parse(json.stdout)).toEqual({
    images: ["bad", "again"],
    findings: [
      {
        images: ["bad"],
        file: "bad/Dockerfile",
        line: 2,
        endLine: 2,
        rule: "",
        message: expect.stringContaining("unknown instruction: FRM") as string,
      },
      expect.objectContaining({ images: ["again"], line: 2, rule: "MaintainerDeprecated" }),
      expect.objectContaining({ images: ["again"], line: 3, rule: "UndefinedVar" }),
    ],
  });
  expect(await s.engine.get("/images/json?all=1")).toEqual(before);
});

async function apiVersion(s: Scenario): Promise<string> {
  return ((await s.engine.get("/version")) as { ApiVersion: string }).ApiVersion;
}
