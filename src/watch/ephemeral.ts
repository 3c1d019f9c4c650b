/** Names that editors and tools give to files which live for the moment of one save. */
const EPHEMERAL: readonly RegExp[] = [
  /^4913$/, // vim asks with it whether it may write here
  /~$/,
  /^\..+\.sw[a-z]$/,
  /^\.#/,
  /^#.*#$/,
  /___jb_(?:old|tmp)___$/,
  /\.kate-swp$/,
  /-go-tmp-umask$/,
  /^\.goutputstream-/,
  /^\.subl.*\.tmp$/,
  /\.tmp\.\d+(?:\.\d+)?$/,
  /^\.DS_Store$/,
];

/** True for the name of an editor's temporary file: its coming and going is no reason to do anything. Digests don't ask this. */
export function isEphemeral(name: string): boolean {
  return EPHEMERAL.some((pattern) => pattern.test(name));
}
