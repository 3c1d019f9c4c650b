import { DockError } from "../error.ts";
import type { Plan } from "../plan/plan.ts";
import { sanitizeName } from "../ui/sanitize.ts";
import type { Session } from "./session.ts";

/**
 * Returns when a plan may destroy what it would destroy: it is nothing, it was agreed to beforehand, or the question on
 * the terminal is answered with yes. Else, and where nobody can be asked, it throws `conflict`: nothing was touched.
 */
export async function requireConsent(session: Session, plan: Plan, agreed: boolean): Promise<void> {
  const lost = [...new Set(plan.actions.flatMap(({ destroys }) => destroys ?? []))].map(sanitizeName);
  if (lost.length === 0 || agreed) return;
  const { stdin, stderr } = session.io;
  const what = `this would destroy ${lost.join(", ")}`;
  if (stdin.isTTY !== true || stderr.isTTY !== true || session.globals.json) {
    throw new DockError("conflict", `${what}; nothing was touched`, { hint: "say that it may with --yes" });
  }
  const { createInterface } = await import("node:readline/promises");
  const asking = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await asking.question(`${what}. Go on? [y/N] `, { signal: session.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    asking.close();
  }
  throw new DockError("conflict", "not confirmed; nothing was touched");
}
