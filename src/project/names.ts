import { quote } from "./findings.ts";
import type { Place } from "./place.ts";

/** What a kind of thing may be called. */
export interface NameRule {
  readonly pattern: RegExp;
  readonly of: string;
  /** The pattern in words. */
  readonly words: string;
}

const LOWER_CASE = {
  pattern: /^[a-z0-9][a-z0-9_.-]{0,62}$/,
  words: "use up to 63 lower-case letters, digits, `-`, `_` and `.`",
};
const ANY_CASE = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  words: "use up to 63 letters, digits, `-`, `_` and `.`",
};

/** Keys of services. */
export const SERVICE_NAME: NameRule = { ...LOWER_CASE, of: "a service" };
/** Keys of images; lower-case because repositories are. */
export const IMAGE_NAME: NameRule = { ...LOWER_CASE, of: "an image" };
/** Keys of secrets. */
export const SECRET_NAME: NameRule = { ...ANY_CASE, of: "a secret" };
/** Keys of configs. */
export const CONFIG_NAME: NameRule = { ...ANY_CASE, of: "a config" };
/** Keys of groups. */
export const GROUP_NAME: NameRule = { ...ANY_CASE, of: "a group" };
/** Names of profiles. */
export const PROFILE_NAME: NameRule = { ...ANY_CASE, of: "a profile" };
/** Keys of networks. */
export const NETWORK_NAME: NameRule = { ...ANY_CASE, of: "a network" };
/** Keys of volumes. */
export const VOLUME_NAME: NameRule = { ...ANY_CASE, of: "a volume" };
/** What the engine calls networks and volumes. */
export const ENGINE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** True when the key may be a name of its kind; else it is reported. */
export function checkName(place: Place, rule: NameRule): boolean {
  const name = place.key;
  if (rule.pattern.test(name)) return true;
  const better = name.toLowerCase();
  const hint = rule.pattern.test(better) ? `did you mean ${quote(better)}?` : rule.words;
  place.errorAtKey({ code: "invalid-name", message: `${quote(name)} can't be the name of ${rule.of}`, hint });
  return false;
}
