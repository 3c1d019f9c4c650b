import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { endpointText, type TcpEndpoint, type TlsIdentity } from "./endpoint.ts";
import { tlsFault } from "./tls-fault.ts";

/** Connections over TLS; what the certificates' files hold is read once, and what is wrong with them is thrown here. */
export function tlsDialer(endpoint: TcpEndpoint, identity: TlsIdentity): () => TLSSocket {
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    // Written out: without it, a variable of the environment could turn the check off.
    rejectUnauthorized: identity.unverified !== true,
    secureContext: secureContext(endpoint, identity),
  };
  return () => connect(options);
}

function secureContext(endpoint: TcpEndpoint, { ca, client }: TlsIdentity): SecureContext {
  try {
    return createSecureContext({ minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }), ...client });
  } catch (error) {
    throw tlsFault(error, endpointText(endpoint)) ?? error;
  }
}
