import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** A certificate with its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Somebody who makes certificates, and the certificate that vouches for him. */
export interface Authority extends Identity {
  /** A certificate for hosts or addresses, or with none for a client. */
  issue(of?: { readonly hosts?: readonly string[]; readonly days?: number }): Identity;
}

/** An authority of a test's own. Certificates are written here byte by byte: no tool has to be there. */
export function makeAuthority(name = "test authority"): Authority {
  const own = newKeys();
  const subject = distinguishedName(name);
  const certify = (keys: Keys, rest: Omit<Certificate, "issuer" | "publicKey">): Identity => ({
    cert: pem(certificate({ ...rest, issuer: subject, publicKey: keys.publicKey }, own.privateKey)),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  });
  return {
    ...certify(own, { subject, hosts: [], authority: true, days: 10 }),
    issue: ({ hosts = [], days = 10 } = {}) =>
      certify(newKeys(), { subject: distinguishedName(hosts[0] ?? "client"), hosts, authority: false, days }),
  };
}

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Certificate {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly hosts: readonly string[];
  readonly authority: boolean;
  /** From yesterday on; negative is one that has expired. */
  readonly days: number;
}

function newKeys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const ECDSA_WITH_SHA256 = oid(1, 2, 840, 10045, 4, 3, 2);

/** X.509, version 3. */
function certificate(of: Certificate, signer: KeyObject): Buffer {
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const day = 86_400_000;
  const validity = sequence(time(Date.now() - 400 * day), time(Date.now() + of.days * day));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    of.issuer,
    validity,
    of.subject,
    of.publicKey.export({ type: "spki", format: "der" }) as Buffer,
    tagged(0xa3, sequence(...extensions(of))),
  );
  const signature = sign("sha256", body, signer);
  return sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function extensions({ authority, hosts, publicKey }: Certificate): readonly Buffer[] {
  const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, tagged(0x04, value));
  const keyId = createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }) as Buffer)
    .digest();
  const names = hosts.map((host) =>
    isIP(host) === 4 ? tagged(0x87, Buffer.from(host.split(".").map(Number))) : tagged(0x82, Buffer.from(host)),
  );
  return [
    extension(oid(2, 5, 29, 19), authority ? sequence(tagged(0x01, Buffer.from([0xff]))) : sequence()),
    extension(oid(2, 5, 29, 14), tagged(0x04, keyId)),
    ...(names.length === 0 ? [] : [extension(oid(2, 5, 29, 17), sequence(...names))]),
  ];
}

function distinguishedName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(2, 5, 4, 3), tagged(0x0c, Buffer.from(name)))));
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tagged(0x18, Buffer.from(text));
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), value]);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
