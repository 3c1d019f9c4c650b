import { inspectDiffering, inspectImages, inspectNetworks } from "../engine/observe.ts";
import { applyBuildArgs } from "../gather/build-args.ts";
import { type Dockerfiles, readDockerfiles } from "../gather/dockerfiles.ts";
import { gather, requireFiles } from "../gather/gather.ts";
import type { DigestSource } from "../gather/recent-digests.ts";
import { withSettled, writeSettled } from "../gather/settled.ts";
import { buildToCompare, KEPT_INPUTS } from "../plan/images.ts";
import type { Inputs } from "../plan/inputs.ts";
import { type AutoPort, autoPorts } from "../plan/auto-ports.ts";
import { chosenPorts } from "../plan/chosen-ports.ts";
import type { Mode } from "../plan/mode.ts";
import { doubtfulNetworks } from "../plan/networks.ts";
import type { Observed } from "../plan/observed.ts";
import { type Reconciled, reconcile } from "../plan/reconcile.ts";
import type { PlanRequest } from "../plan/request.ts";
import { crowdedRepositories, differingContainers, wantedNames } from "../plan/scope.ts";
import { ownersOf, withSharers } from "../plan/shared-namespaces.ts";
import { presentSpec } from "../plan/spec-difference.ts";
import { selectServices, type WantedSlot, wantedSlots } from "../plan/wanted.ts";
import { secretsInText, worthHiding } from "../project/hidden-values.ts";
import type { Project } from "../project/model.ts";
import { observeOwn } from "./observe-own.ts";
import type { Session } from "./session.ts";

/** What a plan is made from and what came out. */
export interface World {
  readonly project: Project;
  readonly request: PlanRequest;
  readonly inputs: Inputs;
  readonly observed: Observed;
  readonly reconciled: Reconciled;
}

/** The project with `--arg` applied to those of the images asked for whose Dockerfiles declare it. */
export async function withBuildArgs(
  project: Project,
  args: readonly string[],
  images: readonly string[] | undefined,
): Promise<Project> {
  if (args.length === 0) return project;
  const keys = images ?? Object.keys(project.images);
  return applyBuildArgs(project, { dockerfiles: await readDockerfiles(project, keys), args, images: keys });
}

/** How to survey. */
export interface SurveyOptions {
  /** Where digests of contexts come from; without it every one is made. */
  readonly digests?: DigestSource;
  /** False: nobody will read why images are built. */
  readonly reasons?: boolean;
}

/** Observes the engine, gathers the inputs from the disk, and plans. Touches nothing. */
export async function survey(
  session: Session,
  project: Project,
  { digests, reasons = true, ...request }: PlanRequest & SurveyOptions,
): Promise<World> {
  const { signal } = session;
  const engine = session.engine();
  const asked = request.images === undefined ? selectServices(project, request.services, request.noDeps) : [];
  const before = await readFiles(project, asked, request);
  const first = await observeOwn(session, project, {
    wantedNames: wantedNames(project),
    builds: before.dockerfiles.size > 0 || anySharerBuilds(project),
  });
  const services = withSharers(project, asked, first);
  const { images, dockerfiles } = services === asked ? before : await readFiles(project, services, request);
  const described = await inspectImages(
    engine,
    {
      observed: first,
      questions: {
        taggedTimes: crowdedRepositories(project, first, KEPT_INPUTS),
        configs: request.mode === "dev" ? baseReferences(dockerfiles) : [],
      },
    },
    signal,
  );
  const inputs = await gather(
    project,
    {
      mode: request.mode,
      services,
      images,
      observed: described,
      ports: await portsToChoose(session, project, { services, observed: described, mode: request.mode }),
    },
    { cacheDirectory: session.cacheDirectory, env: session.io.env, ...(digests ? { digests } : {}), signal },
  );
  const fromFiles = Object.values(inputs.environments).flatMap((variables) => Object.values(variables));
  session.redactor.learn(worthHiding([...fromFiles, ...secretTexts(inputs)], project));
  const remembered = await withSettled(session.cacheDirectory, project, described);
  const slots = wantedSlots(project, { inputs, observed: described }, { mode: request.mode, services });
  const observed = await inspected(session, project, { observed: remembered, slots, all: request.live ?? false });
  const known = { inputs, observed, slots };
  const reconciled = reasons
    ? await withReasons(session, project, { known, request })
    : reconcile(project, known, request);
  const plan = session.redactor.plan(reconciled.plan);
  return { project, request, inputs, observed, reconciled: { ...reconciled, plan } };
}

/** Plans, and where something has to be built plans again with what is kept of the builds before, which tells why. */
async function withReasons(
  session: Session,
  project: Project,
  { known, request }: { readonly known: Parameters<typeof reconcile>[1]; readonly request: PlanRequest },
): Promise<Reconciled> {
  const reconciled = reconcile(project, known, request);
  const built = reconciled.plan.actions.flatMap(({ operation }) =>
    operation.kind === "image.build" ? [operation.image] : [],
  );
  if (built.length === 0) return reconciled;
  const { readRecord, recordedDigests } = await import("../gather/records.ts");
  const images = { ...known.inputs.images };
  for (const key of built) {
    const of = { project: project.name, image: key };
    const newestFirst = await recordedDigests(session.cacheDirectory, of);
    const digest = buildToCompare(project.name, key, { observed: known.observed, newestFirst });
    const previous = digest === undefined ? undefined : await readRecord(session.cacheDirectory, { ...of, digest });
    if (images[key] && previous) images[key] = { ...images[key], previous };
  }
  return reconcile(project, { ...known, inputs: { ...known.inputs, images } }, request);
}

/** Secrets as text, whole and line by line, and what configs hold of them: what may turn up in what dock shows. */
function secretTexts({ grantedFiles }: Inputs): readonly string[] {
  const configs = Object.values(grantedFiles?.configs ?? {}).flatMap((content) =>
    secretsInText(Buffer.from(content, "base64").toString()),
  );
  const secrets = Object.values(grantedFiles?.secrets ?? {}).flatMap((content) => {
    const text = Buffer.from(content, "base64").toString();
    return [text, ...text.split("\n")].map((part) => part.trim());
  });
  return [...secrets, ...configs];
}

/** The `auto` ports of the services; where one needs a host port, also those that others publish. */
async function portsToChoose(
  session: Session,
  project: Project,
  of: { readonly services: readonly string[]; readonly observed: Observed; readonly mode: Mode },
): Promise<{ readonly wanted: readonly AutoPort[]; readonly taken: ReadonlySet<number> }> {
  const wanted = autoPorts(project, of.observed, of);
  if (wanted.every(({ kept, running }) => kept !== undefined && running)) return { wanted, taken: new Set() };
  const named = Object.values(project.services).flatMap((service) => [...service.ports, ...(service.dev?.ports ?? [])]);
  const published = (await session.engine().listContainers({}, session.signal)).flatMap((container) => [
    ...container.ports.flatMap(({ hostPort }) => hostPort ?? []),
    ...Object.values(chosenPorts(container)),
  ]);
  return { wanted, taken: new Set([...published, ...named.flatMap(({ hostPort }) => hostPort ?? [])]) };
}

/** Looks closer at networks that may have to go and at containers that are not known to be what is wanted, and remembers what is seen. */
async function inspected(
  session: Session,
  project: Project,
  of: { readonly observed: Observed; readonly slots: readonly WantedSlot[]; readonly all: boolean },
): Promise<Observed> {
  const engine = session.engine();
  const networks = of.slots.length === 0 ? [] : doubtfulNetworks(project, of.observed);
  const known =
    networks.length === 0
      ? of.observed
      : await inspectNetworks(engine, { observed: of.observed, ids: networks }, session.signal);
  const ids = of.all ? known.containers.map(({ id }) => id) : differingContainers(known, of.slots);
  if (ids.length === 0) return known;
  const observed = await inspectDiffering(engine, { observed: known, ids }, session.signal);
  for (const container of observed.containers) {
    if (!ids.includes(container.id) || container.settled !== undefined) continue;
    await writeSettled(session.cacheDirectory, project, { id: container.id, spec: presentSpec(container) });
  }
  return observed;
}

/** The images that services run and their Dockerfiles; throws when something that the services need is not there. */
export async function readFiles(
  project: Project,
  services: readonly string[],
  request: PlanRequest,
): Promise<{ readonly images: readonly string[]; readonly dockerfiles: Dockerfiles }> {
  const images = request.images ?? buildableImages(project, services, request);
  await requireFiles(project, { mode: request.mode, services, images });
  return { images, dockerfiles: await readDockerfiles(project, images) };
}

/** Whether a service that may have to follow one whose namespace it shares has an image of the project. */
function anySharerBuilds({ services }: Project): boolean {
  return Object.values(services).some((service) => ownersOf(service).length > 0 && service.image.kind === "built");
}

/** What of the images is taken by its text: an address may hold something else by now without the plan seeing it. */
export function unverifiedInputs({ inputs, reconciled }: World): readonly string[] {
  return [...reconciled.images.keys()].flatMap((key) => {
    const texts = inputs.images[key]?.unverified ?? [];
    if (texts.length === 0) return [];
    return [
      `image ${key} takes ${texts.join(", ")} by name: whether it changed is not looked at ("dock build --force ${key}" asks the builder)`,
    ];
  });
}

/** Images that services run, in a mode; those that they are built from are found with their Dockerfiles. */
function buildableImages(project: Project, services: readonly string[], request: PlanRequest): readonly string[] {
  const keys = services.flatMap((key) => {
    const service = project.services[key];
    if (!service) return [];
    const image = request.mode === "dev" ? (service.dev?.image ?? service.image) : service.image;
    return image.kind === "built" ? [image.key] : [];
  });
  return [...new Set(keys)];
}

function baseReferences(dockerfiles: Dockerfiles): readonly string[] {
  return [...dockerfiles.values()].flatMap(({ references }) =>
    references.flatMap((reference) => (reference.kind === "external" ? [reference.ref] : [])),
  );
}
