import { DockError } from "../error.ts";

const CERTIFICATES_HINT =
  "DOCKER_CERT_PATH, or the docker context, names the directory with ca.pem, cert.pem and key.pem";

/** The error for a connection that TLS has refused, by either side; undefined when TLS is not what went wrong. */
export function tlsFault(error: unknown, place: string): DockError | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const details = { cause: error };
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_SIGNATURE_FAILURE":
      return new DockError("engine-unreachable", `the engine at ${place} shows a certificate that nobody vouches for`, {
        ...details,
        hint: `its authority's certificate belongs into ca.pem: ${CERTIFICATES_HINT}`,
      });
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return new DockError("engine-unreachable", `the certificate of the engine at ${place} is not valid today`, {
        ...details,
        hint: "renew it, or check the clock of this machine",
      });
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return new DockError("engine-unreachable", `the engine at ${place} shows a certificate of another host`, {
        ...details,
        ...(error instanceof Error ? { detail: error.message } : {}),
        hint: "use the host's name or address as its certificate has it",
      });
    default:
  }
  if (/^ERR_(OSSL|SSL)_(PEM|X509|EVP|RSA|UNSUPPORTED)|^ERR_OSSL_/.test(code)) {
    return new DockError("engine-unreachable", `the TLS files for the engine at ${place} cannot be used`, {
      ...details,
      hint: CERTIFICATES_HINT,
    });
  }
  if (/^ERR_SSL_.*ALERT_/.test(code)) {
    return new DockError("engine-denied", `the engine at ${place} does not take this side's certificate`, {
      ...details,
      hint: `it wants a client's certificate of its own authority: ${CERTIFICATES_HINT}`,
    });
  }
  if (/^(EPROTO|ERR_SSL_)/.test(code)) {
    return new DockError("engine-unreachable", `what listens at ${place} does not speak TLS`, {
      ...details,
      hint: "unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH if the engine has none, or use its TLS port, mostly 2376",
    });
  }
  return undefined;
}

/** The error for an engine that wants TLS and was spoken to without. */
export function plainFault(): DockError {
  return new DockError("engine-unreachable", "the engine speaks TLS only, and none was asked for", {
    status: 400,
    hint: `set DOCKER_TLS_VERIFY=1; ${CERTIFICATES_HINT}`,
  });
}
