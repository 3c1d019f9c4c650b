/** Words that stand in names of secrets, as Docker's build check SecretsUsedInArgOrEnv has them, and their short forms. */
const WORDS = new Set([
  "apikey",
  "auth",
  "credential",
  "credentials",
  "key",
  "pass",
  "passphrase",
  "password",
  "passwd",
  "pwd",
  "pword",
  "secret",
  "token",
]);

/** What is no other word's part: `PGPASSWORD`, `clientsecrets`. */
const PARTS = /passw|passphrase|secret|token|credential|apikey/;

/** True when a variable is called as secrets are: `DB_PASSWORD`, `apiToken`; a name that says "public" is none. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/\d+$/, ""));
  if (words.includes("public")) return false;
  return words.some((word) => WORDS.has(word) || PARTS.test(word));
}
