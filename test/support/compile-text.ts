import { compile, type Compiled, type CompileOptions } from "../../src/project/compile.ts";
import { parse } from "../../src/project/parse.ts";

/** Compiles a text as `/work/handbook/dock.yaml` with an empty environment. */
export function compileText(text: string, options: Partial<CompileOptions> = {}): Compiled {
  const source = { file: "dock.yaml", text };
  return compile(source, parse(source), { env: {}, vars: {}, directory: "/work/handbook", ...options });
}
