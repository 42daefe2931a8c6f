import type { Metadata } from '@grpc/grpc-js';
import type { PeerIdentity } from '../../ports/plugin-connection.ts';
import type { CallContext } from '../../ports/service.ts';
import { cancelledError } from '../status.ts';
import { plainFingerprint } from './material.ts';

/** What all kinds of server calls of grpc-js have. */
export interface ServerCall {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly fingerprint256: string } };
  once(event: 'cancelled', listener: () => void): unknown;
}

const ANONYMOUS: PeerIdentity = { fingerprint: undefined };

/**
 * The context of one call on a gRPC server. Everything is made when a handler asks for it: most handlers ask for
 * nothing, and a signal or a look at the certificate costs as much as the rest of a small call.
 */
export class GrpcCallContext implements CallContext {
  readonly path: string;
  readonly #call: ServerCall;
  #controller: AbortController | undefined;
  #metadata: Readonly<Record<string, string>> | undefined;
  #peer: PeerIdentity | undefined;
  #answered = false;

  constructor(path: string, call: ServerCall) {
    this.path = path;
    this.#call = call;
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    // grpc-js tells the end of every call as "cancelled", also of one that was answered.
    const abort = (): void => {
      if (!this.#answered) controller.abort(cancelledError(this.path, 'the caller gave up or its deadline passed'));
    };
    if (this.#call.cancelled) abort();
    else this.#call.once('cancelled', abort);
    return controller.signal;
  }

  get metadata(): Readonly<Record<string, string>> {
    this.#metadata ??= textFields(this.#call.metadata);
    return this.#metadata;
  }

  get peer(): PeerIdentity {
    this.#peer ??= identityOf(this.#call);
    return this.#peer;
  }

  onReplied(callback: () => void): void {
    if (this.#call.cancelled) callback();
    else this.#call.once('cancelled', callback);
  }

  /** From here on the end of the call is no cancellation. */
  answered(): void {
    this.#answered = true;
  }
}

function textFields(metadata: Metadata): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata.getMap())) if (typeof value === 'string') fields[key] = value;
  return fields;
}

/** The certificate is present only when the handshake has verified it. */
function identityOf(call: ServerCall): PeerIdentity {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate === undefined ? ANONYMOUS : { fingerprint: plainFingerprint(certificate.fingerprint256) };
}
