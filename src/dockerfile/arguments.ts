import type { Dockerfile } from "./parse.ts";
import type { Lines } from "./scan.ts";

/** An ARG that a Dockerfile declares. */
export interface DeclaredArgument {
  readonly name: string;
  /** As it is written, quotes and variables included. */
  readonly default?: string;
  /** Number of the stage, or "global" in front of the first FROM. */
  readonly stage: number | "global";
  readonly lines: Lines;
}

/** Every ARG of the file in order, of all stages; a name may come up more than once. */
export function declaredArguments(dockerfile: Dockerfile): readonly DeclaredArgument[] {
  const scopes = [
    { stage: "global" as const, instructions: dockerfile.globalArgs },
    ...dockerfile.stages.map(({ index, instructions }) => ({ stage: index, instructions })),
  ];
  return scopes.flatMap(({ stage, instructions }) =>
    instructions.flatMap((instruction) => {
      const declaring = instruction.kind === "onbuild" ? instruction.trigger : instruction;
      if (declaring.kind !== "arg") return [];
      return declaring.declarations.map((declaration) => ({ ...declaration, stage, lines: instruction.lines }));
    }),
  );
}
