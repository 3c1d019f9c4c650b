import type { Diagnostic } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { allMounts } from "../plan/mode.ts";
import type { World } from "./world.ts";

/** Throws when services mount paths of this machine on an engine of another one, which would mount its own, or nothing. */
export function refuseRemoteBinds({ observed, reconciled }: World): void {
  if (!observed.engine.remote) return;
  const diagnostics = reconciled.slots
    .filter(({ slot }) => slot.number === 1)
    .flatMap(({ slot, service }) =>
      allMounts(service).flatMap((mount): readonly Diagnostic[] =>
        mount.kind === "bind"
          ? [
              {
                severity: "error",
                code: "remote-bind",
                message: `service ${slot.service} mounts ${mount.source} of this machine, which the engine is not on`,
                at: mount.at,
                hint: "put the files into the image, keep them in a volume, or have `dev.watch` copy them (action: sync)",
              },
            ]
          : [],
      ),
    );
  if (diagnostics.length === 0) return;
  throw new DockError("invalid-project", "the engine is on another machine; nothing was touched", { diagnostics });
}
