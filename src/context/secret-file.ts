/** Files that hold keys, passwords or tokens by what tools call them. */
const NAMES = [
  /^\.env(\.(?!example$|sample$|template$|dist$).+)?$/,
  /^id_(rsa|dsa|ecdsa|ed25519)$/,
  /^\.(npmrc|pypirc|netrc|pgpass|my\.cnf|dockercfg|git-credentials|htpasswd|vault-token)$/,
  /\.(pem|key|pfx|p12|jks|keystore|kdbx|ovpn|tfstate|ppk)$/,
  /^(credentials|secrets?)(\.(json|ya?ml|toml|ini|txt))?$/,
  /^service-account.*\.json$/,
  /^(kubeconfig|\.dockerconfigjson)$/,
];

/** Places in which tools keep what must not get around. */
const PLACES = [
  /(^|\/)\.ssh\//,
  /(^|\/)\.aws\/(credentials|config)$/,
  /(^|\/)\.docker\/config\.json$/,
  /(^|\/)\.kube\/config$/,
  /(^|\/)\.gnupg\//,
];

/** Certificates of authorities are no secrets, and what ends in .pub is made to be given away. */
const PUBLIC = /(^|\/)(ca|ca-?(bundle|cert(ificates)?)|cert|fullchain|chain)\.pem$|\.pub$/;

/** True when a file of this path, as tools name files, is likely to hold a secret. It is a guess: nothing is read. */
export function looksSecret(path: string): boolean {
  if (PUBLIC.test(path.toLowerCase())) return false;
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return NAMES.some((pattern) => pattern.test(name)) || PLACES.some((pattern) => pattern.test(path));
}
