import { execute } from "../../execute/execute.ts";
import { initialMade } from "../../execute/execution.ts";
import { withProjectLock } from "../../execute/lock.ts";
import { plainRequest } from "../../plan/request.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { executionOf, failOn, projectLock } from "../converge.ts";
import { loadProject } from "../load-project.ts";
import { jsonResult } from "../report.ts";
import { surveyTeardown } from "../teardown-plan.ts";

interface DownOptions {
  readonly volumes?: boolean;
  readonly rmi?: boolean;
}

/** `dock down`: removes containers, networks and anonymous dev volumes of the project; volumes with data only with -v. */
export const down: CommandDefinition = {
  usage: "",
  configure: (command) => {
    command
      .option("-v, --volumes", "also remove the project's volumes and their data")
      .option("--rmi", "also remove the input tags of the project's images");
  },
  run: async ({ session, options }: Invocation) => {
    const given = options as DownOptions;
    const project = await loadProject(session);
    const asked = { volumes: given.volumes ?? false, images: given.rmi ?? false };
    const renderer = session.renderer();
    await withProjectLock(await projectLock(session, project), session.signal, async () => {
      const { plan, observed } = await surveyTeardown(session, project, asked);
      renderer.emit({ type: "plan", plan });
      const reconciled = { plan, conflicts: [], images: new Map(), slots: [] };
      const inputs = { images: {}, environments: {}, hostUser: "", salt: "" };
      const world = { project, request: plainRequest("dev"), inputs, observed, reconciled };
      const execution = executionOf(session, world, {});
      failOn(await execute({ ...execution, made: initialMade(reconciled) }, session.signal));
    });
    jsonResult(session, { ok: true });
    return 0;
  },
};
