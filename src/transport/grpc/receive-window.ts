// How much a caller may send before the server has taken it.
//
// The 64 KiB that HTTP/2 begins with are less than two batches of events: a caller then waits for the server with every
// message. Clients of grpc-js have an option for the window, its servers have none, so it is set on each connection.
//
// Invariants:
//   X1. A connection is changed once, by its first call with a stream of requests. One that has none, as while a plugin
//       starts, costs nothing.
//   X2. Nothing outlives the connection, and no connection but those of the server itself is touched.

import type { ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js';
import type { Http2Session, ServerHttp2Session } from 'node:http2';
import { sessionOf } from './session-of.ts';

const widened = new WeakSet<Http2Session>();

/** An interceptor that widens the window of stream and connection to `bytes`. */
export function receiveWindow(bytes: number): ServerInterceptor {
  return (method, call) => {
    if (method.requestStream) widen(sessionOf(call), bytes);
    // What is passed through is what the next interceptor would have got without this one.
    return call as ServerInterceptingCall;
  };
}

function widen(session: Http2Session | undefined, bytes: number): void {
  if (session === undefined || widened.has(session) || session.destroyed || session.closed) return;
  widened.add(session);
  // The peer counts the new size for the streams that are open, too.
  session.settings({ initialWindowSize: bytes });
  (session as ServerHttp2Session).setLocalWindowSize(bytes);
}
