import type { Location } from "../diagnostic.ts";

/** One published port. Ranges are spelled out. */
export interface Port {
  /** Address of this machine that is bound; 127.0.0.1 unless the file names one. */
  readonly hostIp: string;
  /** Undefined: the engine takes a free one at each start, or dock one that is kept. */
  readonly hostPort?: number;
  /** There where dock chooses a free host port, which the container keeps. */
  readonly auto?: true;
  /** There instead of `hostPort` where the engine takes a free one of these, the last one included, at each start. */
  readonly hostRange?: { readonly first: number; readonly last: number };
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

/** One mount of a container. */
export type Mount =
  | {
      readonly kind: "bind";
      /** Absolute path on this machine. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly propagation?: "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";
      /** SELinux label for the source: `z` shared, `Z` private. */
      readonly selinux?: "z" | "Z";
      readonly createHostPath: boolean;
      readonly at: Location;
    }
  /** `volume` is a key of the project's volumes. */
  | {
      readonly kind: "volume";
      readonly volume: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly noCopy: boolean;
      readonly subpath?: string;
    }
  /** `image` is a reference, with its tag or digest spelled out. */
  | {
      readonly kind: "image";
      readonly image: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly subpath?: string;
      readonly at: Location;
    }
  | { readonly kind: "anonymous"; readonly target: string; readonly readOnly: boolean; readonly noCopy: boolean }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      readonly readOnly: boolean;
      /** Bytes. */
      readonly size?: number;
      /** Permission bits. */
      readonly mode?: number;
    };

/** How a service takes part in a network. */
export interface NetworkAttachment {
  /** A key of the project's networks. */
  readonly network: string;
  readonly aliases: readonly string[];
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  readonly linkLocalIps: readonly string[];
  readonly macAddress?: string;
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly priority: number;
  /** The network with the highest gives the default route. */
  readonly gatewayPriority?: number;
}

/** A file as a service is given it. */
export interface FileGrant {
  /** A key of the project's secrets or configs. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly at: Location;
}
