import type { Location } from "../diagnostic.ts";

/** One entry of `networks`; `default` is there when a service uses it. */
export interface Network {
  readonly key: string;
  /** What the engine calls it. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIpv6: boolean;
  /** Undefined: the engine gives it a range. */
  readonly ipam?: Ipam;
  readonly at: Location;
}

/** How a network gives out addresses. */
export interface Ipam {
  readonly driver?: string;
  readonly ranges: readonly AddressRange[];
  readonly options: Readonly<Record<string, string>>;
}

/** One range; subnets in CIDR form. */
export interface AddressRange {
  readonly subnet?: string;
  /** The part of the subnet that containers get. */
  readonly ipRange?: string;
  readonly gateway?: string;
  /** Addresses that are taken, by what takes them. */
  readonly auxAddresses: Readonly<Record<string, string>>;
}

/** One entry of `volumes`. */
export interface Volume {
  readonly key: string;
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: Location;
}

/** A file that services are given: one entry of `secrets` or `configs`. */
export interface GrantedFile {
  readonly key: string;
  readonly content: FileContent;
  readonly at: Location;
}

/** Where the content of a granted file comes from. */
export type FileContent =
  /** `path` is absolute. */
  | { readonly kind: "file"; readonly path: string; readonly at: Location }
  | { readonly kind: "variable"; readonly name: string; readonly text: string }
  | { readonly kind: "text"; readonly text: string };
