/**
 * Projects that say the same to dock and to compose, as text of `dock.yaml` and `compose.yaml`.
 *
 * @typedef {{ name: string, services: Record<string, readonly string[]> }} ProjectText each service's lines
 */

/** What every service has: an end that needs no waiting, and a few keys that most have. */
const PLAIN = [
  "image: busybox:latest",
  'command: ["sleep", "1000000"]',
  "init: true",
  'environment: { MODE: production, LEVEL: "3" }',
];

/** What an engine gives a network by itself may have room for 250 containers only. @param {number} lines @param {"dock" | "peer"} side */
function wideNetwork(lines, side) {
  if (lines < 1000) return [];
  const subnet = { dock: "10.216.0.0/16", peer: "10.217.0.0/16" }[side];
  return ["networks:", `  default: { ipam: { config: [{ subnet: "${subnet}" }] } }`];
}

/** Both files of a project; each side's has a name of its own, because both live on one engine. */
export function projectFiles(/** @type {ProjectText} */ { name, services }) {
  const body = Object.entries(services).flatMap(([key, lines]) => [`  ${key}:`, ...lines.map((line) => `    ${line}`)]);
  const text = (/** @type {"dock" | "peer"} */ side) =>
    [`name: bench-${name}-${side}`, "services:", ...body, ...wideNetwork(body.length, side), ""].join("\n");
  return { "dock.yaml": text("dock"), "compose.yaml": text("peer") };
}

/** `count` services that have nothing to do with each other. @param {number} count @param {(index: number) => readonly string[]} [more] further lines of each */
export function manyServices(count, more = () => []) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`service${index}`, [...PLAIN, ...more(index)]]),
  );
}

/** Services of which each waits until the one before is healthy. */
export function healthyChain(/** @type {number} */ length) {
  return manyServices(length, (index) => [
    'healthcheck: { test: ["CMD", "true"], interval: 1s }',
    ...(index === 0 ? [] : [`depends_on: { service${index - 1}: { condition: service_healthy } }`]),
  ]);
}
