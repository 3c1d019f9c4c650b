import { expect, test } from "vitest";
import { isSecretName } from "../../src/std/secret-name.ts";

test.each([
  "PASSWORD",
  "DB_PASSWORD",
  "PGPASSWORD",
  "MYSQL_ROOT_PASSWORD_2",
  "API_KEY",
  "APIKEY",
  "NPM_TOKEN",
  "githubToken",
  "AUTH",
  "client.secret",
  "AWS_SECRET_ACCESS_KEY",
  "KEY1",
])("%s names a secret", (name) => expect(isSecretName(name)).toBe(true));

test.each([
  "KEYBOARD",
  "MONKEY",
  "AUTHOR",
  "PATH",
  "COMPASS",
  "PUBLIC_KEY",
  "NEXT_PUBLIC_TOKEN",
  "NODE_ENV",
  "FILENAME",
  "",
])("%s names none", (name) => expect(isSecretName(name)).toBe(false));
