import { basename, join } from "node:path";
import { hasErrors, sortDiagnostics, type Diagnostic, type Source } from "../diagnostic.ts";
import { type DeclaredVariable, declaredVariables } from "./declared-variables.ts";
import { parseEnvFile } from "./env-file.ts";
import { collectFindings, type Findings } from "./findings.ts";
import { withDevTargets } from "./dev-targets.ts";
import { hiddenValues } from "./hidden-values.ts";
import { normalizeGrantedFiles } from "./granted-files.ts";
import { normalizeGroups } from "./groups.ts";
import { inheritImages } from "./image-inheritance.ts";
import { expandMatrices } from "./image-matrix.ts";
import { type ImageOverride, overrideImages } from "./image-overrides.ts";
import { normalizeImages } from "./images.ts";
import { checkFixedAddresses } from "./ipam.ts";
import { checkEngineNames, link } from "./link.ts";
import type { Image } from "./image-model.ts";
import type { Project } from "./model.ts";
import { normalizeNetworks, normalizeVolumes } from "./networks.ts";
import type { Parsed } from "./parsed.ts";
import { MAX_PORTS } from "./ports.ts";
import { projectNameOf } from "./project-name.ts";
import type { Scope } from "./place.ts";
import { record } from "./plain-data.ts";
import { normalizeServices } from "./services.ts";
import { keysAt, toData, treeAt, type Tree } from "./tree.ts";
import { validate } from "./validate.ts";
import { readVariables, substitute, type Variables } from "./variables.ts";

/** What a project file is compiled with. */
export interface CompileOptions {
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The `.env` file, where there is one. */
  readonly dotenv?: Source | undefined;
  /** `--var`. */
  readonly vars: Readonly<Record<string, string>>;
  /** `--project`; wins over the file's `name`. */
  readonly projectName?: string | undefined;
  /** Absolute directory of the project file. */
  readonly directory: string;
  /** `--profile`. */
  readonly profiles?: readonly string[] | undefined;
  /** Absolute path of the file that variables are read from; default `.env` in the directory. */
  readonly envFile?: string | undefined;
  /** `--set`. */
  readonly overrides?: readonly ImageOverride[] | undefined;
  /** Absolute paths of the files that the project file includes. */
  readonly included?: readonly string[] | undefined;
}

/** A project, or all that is wrong with it. */
export interface Compiled {
  /** There only when no diagnostic is an error. */
  readonly project?: Project;
  readonly diagnostics: readonly Diagnostic[];
  /** Values that dock's own output must not show (`hiddenValues`); empty without a project. */
  readonly hidden: readonly string[];
  /** What `vars` says. */
  readonly variables: readonly DeclaredVariable[];
}

/** Compiles a project file that was parsed and joined with what it includes. Pure; all mistakes are reported at once, and none of them holds a variable's value. */
export function compile(source: Source, parsed: Parsed, options: CompileOptions): Compiled {
  const dotenv = options.dotenv ? parseEnvFile(options.dotenv, "env") : { values: {}, diagnostics: [] };
  const before = [...dotenv.diagnostics, ...parsed.diagnostics];
  if (!parsed.tree) return { diagnostics: sortDiagnostics(before), hidden: [], variables: [] };
  const findings = collectFindings(parsed.tree);
  const resolved = resolveProject(source, parsed.tree, { findings, options: { ...options, dotenv: dotenv.values } });
  const diagnostics = sortDiagnostics([...before, ...findings.diagnostics]);
  const variables = declaredVariables(parsed.tree);
  if (!resolved || hasErrors(diagnostics)) return { diagnostics, hidden: [], variables };
  const { project, uses } = resolved;
  return { project, diagnostics, hidden: hiddenValues(project, uses.values()), variables };
}

type ResolvedOptions = Omit<CompileOptions, "dotenv"> & { readonly dotenv: Readonly<Record<string, string>> };

function resolveProject(
  source: Source,
  parsed: Tree,
  { findings, options }: { findings: Findings; options: ResolvedOptions },
): { readonly project: Project; readonly uses: Variables["uses"] } | undefined {
  if (isNothing(parsed)) {
    findings.error([], {
      code: "empty-project",
      message: "the project file is empty",
      hint: "start with `services:` or `images:`",
    });
    return undefined;
  }
  const variables = readVariables(parsed, options, findings);
  const tree = resolveTree(parsed, { variables, findings, overrides: options.overrides ?? [] });
  const file = validate(toData(tree), tree, findings);
  if (!file) return undefined;
  if (["services", "images"].every((key) => hasNoEntries(treeAt(tree, [key])))) {
    findings.error([], { code: "empty-project", message: "the project file has neither services nor images" });
  }
  const builds = keysAt(tree, ["services"]).filter((key) => keysAt(tree, ["services", key]).includes("build"));
  const scope: Scope = {
    findings,
    lookup: variables.lookup,
    directory: options.directory,
    home: options.env["HOME"] || undefined,
    projectName: projectNameOf(file.name, options, findings),
    declared: {
      images: new Set([...keysAt(tree, ["images"]), ...builds]),
      services: new Set(keysAt(tree, ["services"])),
      networks: new Set(keysAt(tree, ["networks"])),
      volumes: new Set(keysAt(tree, ["volumes"])),
      secrets: new Set(keysAt(tree, ["secrets"])),
      configs: new Set(keysAt(tree, ["configs"])),
    },
    published: [],
    quota: { ports: MAX_PORTS },
  };
  const declared = normalizeImages(file, scope);
  const named = normalizeServices(file, declared, scope);
  const { services, images } = withDevTargets(file, { services: named, images: declared }, scope);
  const networks = normalizeNetworks(file, services, scope);
  const volumes = normalizeVolumes(file, scope);
  checkEngineNames(Object.values(networks), "networks", scope);
  checkEngineNames(Object.values(volumes), "volumes", scope);
  checkFixedAddresses(services, networks, scope);
  link(Object.values(images), services, scope);
  const secretVariables = variablesOfSecrets(images, scope);
  const project: Project = {
    name: scope.projectName,
    file: join(options.directory, basename(source.file)),
    directory: options.directory,
    images,
    services: record(services.map((service) => [service.key, service])),
    networks,
    volumes,
    secrets: normalizeGrantedFiles(file, "secrets", scope),
    configs: normalizeGrantedFiles(file, "configs", scope),
    ...(secretVariables.length === 0 ? {} : { secretVariables: record(secretVariables) }),
    groups: normalizeGroups(file, scope),
    profiles: options.profiles ?? [],
    files: [
      join(options.directory, basename(source.file)),
      ...(options.included ?? []),
      options.envFile ?? join(options.directory, ".env"),
    ],
  };
  return { project, uses: variables.uses };
}

/** The tree with every image spelled out and with its variables put in. */
function resolveTree(
  parsed: Tree,
  of: { readonly variables: Variables; readonly findings: Findings; readonly overrides: readonly ImageOverride[] },
): Tree {
  const { variables, findings, overrides } = of;
  const expanded = expandMatrices(parsed, variables, findings);
  findings.follow(expanded.tree);
  const substituted = substitute(expanded.tree, { ...variables, lookupAt: expanded.lookupAt }, findings);
  findings.follow(substituted);
  const tree = overrideImages(inheritImages(substituted, findings), overrides, findings);
  findings.follow(tree);
  return tree;
}

/** Those that are set: one that is not is missed only by a build. */
function variablesOfSecrets(images: Readonly<Record<string, Image>>, { lookup }: Scope): [string, string][] {
  return Object.values(images).flatMap(({ secrets }) =>
    secrets.flatMap(({ from }): [string, string][] => {
      const value = from.kind === "variable" ? lookup(from.name) : undefined;
      return from.kind === "variable" && value !== undefined ? [[from.name, value]] : [];
    }),
  );
}

function isNothing(tree: Tree): boolean {
  return tree.kind === "scalar" ? tree.value === null : hasNoEntries(tree);
}

function hasNoEntries(tree: Tree | undefined): boolean {
  return !tree || (tree.kind === "map" && tree.entries.size === 0);
}
