import { DockError } from "../../error.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { DOCK_VERSION } from "../version.ts";

/** `dock version`: of this dock and, when one answers, of the engine. */
export const version: CommandDefinition = {
  usage: "",
  printsDocument: true,
  configure: () => undefined,
  run: async ({ session }: Invocation) => {
    const engine = await engineVersion(session);
    const { stdout } = session.io;
    if (session.globals.json)
      stdout.write(`${JSON.stringify({ version: DOCK_VERSION, node: process.versions.node, engine })}\n`);
    else {
      stdout.write(`dock    ${DOCK_VERSION} (Node ${process.versions.node})\n`);
      stdout.write(
        "error" in engine
          ? `engine  none: ${engine.error}\n`
          : `engine  ${engine.version} (API ${engine.apiVersion}, ${engine.platform})\n`,
      );
    }
    return 0;
  },
};

async function engineVersion(
  session: Invocation["session"],
): Promise<
  { readonly version: string; readonly apiVersion: string; readonly platform: string } | { readonly error: string }
> {
  try {
    const { version, apiVersion, platform } = await session.engine().info(session.signal);
    return { version, apiVersion, platform };
  } catch (error) {
    if (!(error instanceof DockError) || session.signal.aborted) throw error;
    return { error: error.message };
  }
}
