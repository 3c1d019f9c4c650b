/** Keys that people bring along from Compose and Bake files, with what dock has in their place. */
const FOREIGN_KEYS: ReadonlyMap<string, string> = new Map([
  ["version", "a dock file needs no version: remove the line"],
  ["develop", "use `dev`"],
  ["pull_policy", "use `pull`"],
  ["additional_contexts", "use `contexts`"],
  ["dns_opts", "use `dns_opt`"],
  ["dns_options", "use `dns_opt`"],
  ["deploy", "use `scale` and `resources`"],
  ["replicas", "use `scale`"],
  ["mem_limit", "use `resources.memory`"],
  ["mem_reservation", "use `resources.memory_reservation`"],
  ["memswap_limit", "use `resources.memory_swap`"],
  ["cpus", "use `resources.cpus`"],
  ["cpuset", "use `resources.cpuset`"],
  ["cpu_shares", "use `resources.cpu_shares`"],
  ["pids_limit", "use `resources.pids`"],
  ["extends", "use YAML anchors and `<<`"],
  ["links", "services of one network reach each other by name: remove the key"],
  ["target", "name the stage in `build` or `images`"],
  ["args", "build arguments belong under `build` or `images`"],
  ["context", "the build context belongs under `build` or `images`"],
  ["dockerfile", "the Dockerfile belongs under `build` or `images`"],
  ["tags", "tags belong under `build` or `images`"],
  ["env", "use `environment`"],
  ["envs", "use `environment`"],
  ["cmd", "use `command`"],
  ["workdir", "use `working_dir`"],
  ["hosts", "use `extra_hosts`"],
  ["variable", "use `vars`"],
  ["variables", "use `vars`"],
  ["target_port", "use `target`"],
  ["readonly", "use `read_only`"],
]);

/** Advice about a key that other tools know, where the map at hand has what it advises. */
export function foreignKeyHint(key: string, known: readonly string[]): string | undefined {
  const hint = FOREIGN_KEYS.get(key);
  const names = [...(hint ?? "").matchAll(/`([a-z_]+)/g)].map((match) => match[1] ?? "");
  return names.length === 0 || names.some((name) => known.includes(name)) ? hint : undefined;
}
