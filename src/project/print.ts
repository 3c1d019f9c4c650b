import { stringify } from "yaml";

/** Plain data as YAML 1.2, long lines unfolded. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
