import { compile, type Compiled, type CompileOptions } from "../../src/project/compile.ts";

/** Compiles a text as `/work/handbook/dock.yaml` with an empty environment. */
export function compileText(text: string, options: Partial<CompileOptions> = {}): Compiled {
  return compile({ file: "dock.yaml", text }, { env: {}, vars: {}, directory: "/work/handbook", ...options });
}
