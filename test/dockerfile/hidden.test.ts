import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DevView, hiddenByBind } from "../../src/dockerfile/hidden.ts";
import { parseDockerfile } from "../../src/dockerfile/parse.ts";
import { contextReads, mayRead } from "../../src/dockerfile/reads.ts";
import { BuildStops, dockerfileText, type Files, simulate, type SimulatedStage } from "./simulated-build.ts";

const CONTEXT: Files = new Map(
  ["a", "package.json", "src/a", "src/lib/c", "src/lib/d/e", "conf/x", "node_modules/m", "data/src/q"].map((path) => [
    path,
    `content of ${path}`,
  ]),
);

const source = fc.constantFrom(
  ".",
  "a",
  "package.json",
  "src",
  "src/",
  "src/lib",
  "*",
  "s*",
  "src/*",
  "*/lib",
  "data",
  "conf/x",
);
const target = fc.constantFrom(
  ".",
  "./",
  "/app",
  "/app/",
  "/app/x",
  "x",
  "/srv/",
  "/srv/app",
  "/",
  "src",
  "/app/src",
  "../app",
);

const step = (stage: number): fc.Arbitrary<SimulatedStage["steps"][number]> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("workdir" as const),
        path: fc.constantFrom("/app", "/srv", "x", "/app/src"),
      }),
    },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("copy" as const), source, to: target }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("add" as const), source, to: target }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("run" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("run" as const), mount: source.filter((one) => !one.includes("*")) }),
    },
    ...(stage === 0
      ? []
      : [
          {
            weight: 2,
            arbitrary: fc.record({
              kind: fc.constant("take" as const),
              stage: fc.nat(stage - 1),
              source: fc.constantFrom("/app", "/", "/app/src", "/out"),
              to: fc.constantFrom("/z", "/app/z", "/app"),
            }),
          },
        ]),
  );

const stages: fc.Arbitrary<readonly SimulatedStage[]> = fc.integer({ min: 1, max: 3 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, index) =>
      fc.record({
        from: index === 0 ? fc.constant("base" as const) : fc.oneof(fc.constant("base" as const), fc.nat(index - 1)),
        steps: fc.array(step(index), { maxLength: 4 }),
      }),
    ),
  ),
);

const view: fc.Arbitrary<DevView> = fc.record({
  binds: fc
    .subarray(["/app", "/srv", "/app/src"], { minLength: 1 })
    .map((targets) => targets.map((one) => ({ target: one, kind: "directory" as const }))),
  otherMounts: fc.subarray(["/app/node_modules", "/app/lib"]),
  links: fc.constant(new Map<string, string>()),
});

/** What a container with this view shows of an image's files. */
function shown(files: Files, { binds, otherMounts }: DevView): Files {
  const below = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);
  return new Map(
    [...files].filter(
      ([path]) =>
        otherMounts.some((mount) => path === mount || below(path, mount)) ||
        !binds.some((bind) => below(path, bind.target)),
    ),
  );
}

/** The build's outcome, or undefined where it stops. */
function outcome(build: readonly SimulatedStage[], context: Files, workdir: string): Files | undefined {
  try {
    return simulate(build, context, workdir);
  } catch (error) {
    if (error instanceof BuildStops) return undefined;
    throw error;
  }
}

describe("hiddenByBind", () => {
  it("hides nothing that a container could see, whatever the Dockerfile", () => {
    let hidden = 0;
    const workdir = fc.constantFrom("/", "/app", "/q");
    fc.assert(
      fc.property(stages, view, workdir, (build, dev, baseWorkdir) => {
        const hiding = hiddenByBind(parseDockerfile(dockerfileText(build)), {}, dev);
        const before = outcome(build, CONTEXT, baseWorkdir);
        if (!before) return;
        for (const path of [...CONTEXT.keys(), "src/new", "new", "conf/new", "src/lib/new"]) {
          if (!hiding.hides(path)) continue;
          hidden += 1;
          const after = outcome(build, new Map([...CONTEXT, [path, "changed"]]), baseWorkdir);
          if (after) expect([path, ...shown(after, dev)]).toEqual([path, ...shown(before, dev)]);
        }
      }),
      { numRuns: 3000 },
    );
    // Else the property says nothing.
    expect(hidden).toBeGreaterThan(1000);
  });

  it("hides nothing that isn't read, and says of what isn't read that it isn't", () => {
    fc.assert(
      fc.property(stages, view, (build, dev) => {
        const dockerfile = parseDockerfile(dockerfileText(build));
        const hiding = hiddenByBind(dockerfile, {}, dev);
        const reads = mayRead(contextReads(dockerfile, {}));
        for (const path of CONTEXT.keys()) {
          expect(hiding.significance(path).kind === "unread").toBe(!reads(path));
        }
      }),
    );
  });

  it("takes a place that a sync rule keeps for covered, if it is the very place of the COPY", () => {
    const dockerfile = parseDockerfile("FROM node\nCOPY src /code/src\nCOPY conf /code/conf\n");
    const synced = (path: string): string | undefined => (path.startsWith("src/") ? `/code/${path}` : "/elsewhere");
    const hiding = hiddenByBind(dockerfile, {}, { binds: [], otherMounts: [], links: new Map(), synced });
    expect([hiding.hides("src/a"), hiding.hides("conf/x")]).toEqual([true, false]);
  });
});
