// What the end of an HTTP/2 stream means in gRPC.

import { constants } from 'node:http2';
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { CallStatus } from '../status.ts';

const UNKNOWN = 2;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/** By HTTP status, of answers that did not come from a gRPC server. */
const HTTP: Readonly<Record<number, number>> = {
  400: INTERNAL,
  401: 16,
  403: 7,
  404: 12,
  429: UNAVAILABLE,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: UNAVAILABLE,
};

const RESETS: Readonly<Record<number, number>> = {
  [constants.NGHTTP2_REFUSED_STREAM]: UNAVAILABLE,
  [constants.NGHTTP2_CANCEL]: 1,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: 8,
  [constants.NGHTTP2_INADEQUATE_SECURITY]: 7,
};

/** The status in header fields or trailers; undefined when they have none. */
export function statusOfFields(fields: IncomingHttpHeaders): CallStatus | undefined {
  const text = fields['grpc-status'];
  if (text === undefined) return undefined;
  const code = typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : UNKNOWN;
  const message = fields['grpc-message'];
  return { code, details: typeof message === 'string' ? unescaped(message) : '' };
}

/** The status of a response that is none of gRPC; undefined when it may be one. */
export function statusOfHttp(fields: IncomingHttpStatusHeader): CallStatus | undefined {
  const status = fields[':status'];
  if (status === 200) return undefined;
  return { code: HTTP[status ?? 0] ?? UNKNOWN, details: `the peer answered with HTTP status ${status ?? 'none'}` };
}

/** The status of a stream that was reset. */
export function statusOfReset(code: number): CallStatus {
  return { code: RESETS[code] ?? INTERNAL, details: `the peer ended the stream with HTTP/2 code ${code}` };
}

/** Undoes the escaping of bytes as `%xx`. What is not escaped well stays as it is. */
function unescaped(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    // Peers send all kinds of things here; it is a text for people.
    return message;
  }
}
