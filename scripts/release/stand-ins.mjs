/**
 * What dependencies load at their start and dock never uses: engines over ssh are refused, BuildKit sessions are dock's
 * own, commands are no executables of their own. Native and `.proto` files could not be bundled besides.
 */
const UNUSED = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;

/** Modules of Node that one package alone has no use for. @type {Record<string, RegExp>} */
const UNUSED_BY = { commander: /^(node:)?child_process$/ };

/** Puts something in the place of modules that are loaded and never used. @type {import("rolldown").Plugin} */
export const standIns = {
  name: "stand-ins",
  resolveId: (source, importer) => (isUnused(source, importer) ? { id: `\0unused:${source}` } : undefined),
  load: (id) => (id.startsWith("\0unused:") ? standIn(id.slice("\0unused:".length)) : undefined),
};

function isUnused(/** @type {string} */ source, /** @type {string | undefined} */ importer) {
  if (UNUSED.test(source)) return true;
  const user = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(importer ?? "")?.[1];
  return user !== undefined && Object.hasOwn(UNUSED_BY, user) && UNUSED_BY[user]?.test(source) === true;
}

/** Members can be read, as dockerode does at its start; calling one is an error that names the package. */
function standIn(/** @type {string} */ name) {
  const refuse = `() => { throw new Error(${JSON.stringify(`${name} is not part of this build`)}); }`;
  return `const none = new Proxy(function () {}, { get: () => none, apply: ${refuse}, construct: ${refuse} });\nmodule.exports = none;\n`;
}
