import type { Http2Session } from 'node:http2';

/** What grpc-js keeps below a call; not part of its types. */
interface Inner {
  readonly call?: Inner;
  readonly nextCall?: Inner;
  readonly stream?: { readonly session?: Http2Session };
}

/** The connection that a call of a server came by; undefined when grpc-js keeps it elsewhere, or it is over. */
export function sessionOf(call: object): Http2Session | undefined {
  let inner: Inner | undefined = call as Inner;
  inner = inner.call ?? inner;
  while (inner.nextCall !== undefined) inner = inner.nextCall;
  return inner.stream?.session;
}
