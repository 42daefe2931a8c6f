import type { Client } from '@grpc/grpc-js';

/** Why the last attempt to connect failed. */
export interface ConnectFailure {
  readonly text: string;
  /** True when the peer may simply not listen yet; a refused certificate never heals. */
  readonly mayHeal: boolean;
}

const UNAVAILABLE = 14;
const NOT_YET = /ENOENT|ECONNREFUSED|EAGAIN|ECONNRESET|ETIMEDOUT/;
/** grpc-js adds the time to what it says of a socket that stood and then closed. */
const TIME = / \(\d{4}-[-:.\dT]+Z\)/g;
const NO_REASON = /^Failed to connect\.?$/;
/** "40AD…:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:…/tlsany_meth.c:77:" */
const OPENSSL = /^.*:SSL routines:[^:]*:([^:]*):.*$/s;
const TLS_FAILED = 'the TLS handshake failed or the peer does not speak TLS';
const noReason = (isSecure: boolean): string => (isSecure ? TLS_FAILED : 'the peer closed the connection');

/**
 * Asks a channel why it is not connected; undefined when it is on its way again. The channel keeps the reason to itself
 * and gives it to the calls that fail because of it, so this makes one, of a method that no server has.
 */
export function lastConnectFailure(
  client: Client,
  deadline: number,
  isSecure: boolean,
): Promise<ConnectFailure | undefined> {
  const none = (): Buffer => Buffer.alloc(0);
  return new Promise((resolve) => {
    client.makeUnaryRequest('/troupe.connect/Failure', none, none, undefined, { deadline }, (error) => {
      if (error?.code !== UNAVAILABLE) return resolve(undefined);
      // grpc-js wraps the reason: "No connection established. Last error: Error: connect ENOENT /x".
      const reason = error.details
        .replace(/^.*?Last error: (?:Error: )?/s, '')
        .replace(/\s*Resolution note:.*$/s, '')
        .replace(TIME, '');
      const text = NO_REASON.test(reason) ? noReason(isSecure) : reason.replace(OPENSSL, `${TLS_FAILED}: $1`);
      resolve({ text, mayHeal: NOT_YET.test(text) });
    });
  });
}
