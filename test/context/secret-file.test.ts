import { expect, test } from "vitest";
import { looksSecret } from "../../src/context/secret-file.ts";

test.each([
  ".env",
  "app/.env.production",
  "id_ed25519",
  "deploy/.ssh/config",
  ".npmrc",
  "tls/server.key",
  "tls/server.pem",
  "home/.aws/credentials",
  "service-account-prod.json",
  "secrets.yaml",
  "terraform.tfstate",
])("%s looks like a secret", (path) => expect(looksSecret(path)).toBe(true));

test.each([
  ".env.example",
  "src/environment.ts",
  "id_ed25519.pub",
  "tls/ca.pem",
  "src/secret-name.ts",
  "keys.ts",
  "docs/secrets.md",
  "package.json",
])("%s does not", (path) => expect(looksSecret(path)).toBe(false));
