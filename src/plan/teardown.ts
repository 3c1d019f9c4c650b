import type { Service } from "../project/service-model.ts";
import { compareText } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import { isInputTag, inputRepository } from "./input-digest.ts";
import type { Observed } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { ActionId, Plan } from "./plan.ts";
import { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import { ownResources } from "./resources.ts";
import { slotOf } from "./slot-state.ts";

/** What `down` was asked to remove beyond containers, networks and anonymous dev volumes. */
export interface TeardownRequest {
  readonly volumes: boolean;
  /** Remove the input tags of these images. */
  readonly images: readonly string[];
  /** Seconds before a stopping container is killed, by service; 10 where nothing is said. */
  readonly stopSeconds: Readonly<Record<string, number>>;
}

/** Plans the removal of everything that carries the project's labels; volumes with data only when asked for. */
export function teardown(
  project: { readonly name: string; readonly file: string },
  observed: Observed,
  request: TeardownRequest,
): Plan {
  const builder = new PlanBuilder();
  const reasons: readonly Reason[] = [{ code: "teardown" }];
  const removals: ActionId[] = [];
  for (const container of observed.containers.toSorted(
    (a, b) => compareText(a.name, b.name) || compareText(a.id, b.id),
  )) {
    const slot = slotOf(container);
    const target = slot ? slotTarget(slot) : `service:${container.name}`;
    const { id, name } = container;
    const more = { reasons, qualifier: id.slice(0, 12) };
    const timeoutSeconds = request.stopSeconds[slot?.service ?? ""] ?? 10;
    const running = container.state === "running" || container.state === "restarting" || container.state === "paused";
    const stopped = running
      ? builder.add(target, { kind: "container.stop", id, name, timeoutSeconds }, more)
      : undefined;
    removals.push(
      builder.add(
        target,
        // What a one-off container had to itself is out of everybody's reach without it.
        {
          kind: "container.remove",
          id,
          name,
          volumes: request.volumes || container.labels[LABEL.oneOff] !== undefined,
        },
        { ...more, after: [stopped] },
      ),
    );
  }
  const { networks, volumes } = ownResources(project, observed);
  for (const network of networks) {
    const target = `network:${network.labels[LABEL.network] ?? network.name}`;
    builder.add(
      target,
      { kind: "network.remove", id: network.id, name: network.name },
      { reasons, after: removals, qualifier: network.id.slice(0, 12) },
    );
  }
  for (const volume of volumes) {
    const dev = volume.labels[LABEL.devTarget];
    if (dev === undefined && !request.volumes) continue;
    const path = dev ?? volume.labels[LABEL.dataTarget];
    const target =
      path === undefined
        ? `volume:${volume.labels[LABEL.volume] ?? volume.name}`
        : `volume:${volume.labels[LABEL.service]}/${volume.labels[LABEL.number]}:${path}`;
    const destroys = dev === undefined ? { destroys: `the data of volume ${volume.name}` } : {};
    builder.add(
      target,
      { kind: "volume.remove", name: volume.name },
      { reasons, after: removals, qualifier: volume.name, ...destroys },
    );
  }
  for (const key of request.images) {
    const repository = inputRepository(project.name, key);
    const tags = observed.images
      .flatMap((image) => image.tags)
      .filter((tag) => isInputTag(tag) && tag.startsWith(`${repository}:`));
    for (const ref of tags.sort(compareText)) {
      builder.add(`image:${key}`, { kind: "image.remove", ref }, { reasons, after: removals, qualifier: ref });
    }
  }
  return builder.build(project.name);
}

/** Seconds that a service's containers get to stop; the engine's default is 10. */
export function stopSeconds(service: Pick<Service, "stopGracePeriod">): number {
  return service.stopGracePeriod === undefined ? 10 : Math.ceil(service.stopGracePeriod / 1000);
}
