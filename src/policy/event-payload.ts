// Payloads: JSON or bytes. What travels and waits is bytes; what handlers see is made from the bytes.

import { RuntimeError } from '../errors/index.ts';
import { shown } from './required-options.ts';

/** The content type of an event that names none. */
export const JSON_CONTENT_TYPE = 'application/json';
/** The content type of a `Uint8Array` that names none. */
export const BYTES_CONTENT_TYPE = 'application/octet-stream';

/** Whether payloads of the content type are JSON: `application/json`, `…+json`, both also with parameters. */
export function isJsonContentType(contentType: string): boolean {
  return contentType === '' || contentType === JSON_CONTENT_TYPE || JSON_TYPE.test(contentType);
}

const JSON_TYPE = /^(?:application\/json|[^;\s]+\+json)\s*(?:;|$)/i;

/**
 * The bytes of a payload, which belong to nobody else. A `Uint8Array` is copied.
 *
 * @throws PAYLOAD_INVALID for what JSON cannot hold, and for what is no bytes although the content type is not JSON
 */
export function encodePayload(payload: unknown, contentType: string): Buffer {
  // A view of its own copy: the caller may go on writing into what it gave.
  if (payload instanceof Uint8Array) return Buffer.from(payload);
  if (!isJsonContentType(contentType)) {
    const what = `a payload of type ${shown(contentType)} must be a Uint8Array`;
    throw new RuntimeError('PAYLOAD_INVALID', `${what}, got ${shown(typeof payload)}`);
  }
  const text = jsonText(payload === undefined ? null : payload);
  if (text !== undefined) return Buffer.from(text, 'utf8');
  throw new RuntimeError('PAYLOAD_INVALID', `a ${typeof payload} cannot be the payload of an event`);
}

/**
 * The payload that bytes stand for: JSON frozen through and through, or the same bytes when the content type is not
 * JSON. No bytes at all stand for `null` in JSON.
 *
 * @throws PAYLOAD_INVALID for bytes that are no JSON although the content type says so
 */
export function decodePayload(bytes: Uint8Array, contentType: string): unknown {
  if (!isJsonContentType(contentType)) return bytes;
  if (bytes.byteLength === 0) return null;
  const { buffer, byteOffset, byteLength } = bytes;
  try {
    return deepFrozen(JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8')));
  } catch (error) {
    // The parser's own text repeats parts of the payload.
    throw new RuntimeError('PAYLOAD_INVALID', `the payload of an event is not JSON (${byteLength} bytes)`, {
      details: { bytes: byteLength, kind: error instanceof Error ? error.name : typeof error },
    });
  }
}

/** Freezes parsed JSON in place. Without recursion: a payload may be nested deeper than the stack allows. */
export function deepFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  const waiting: object[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    Object.freeze(next);
    for (const inner of Object.values(next) as unknown[]) {
      if (typeof inner === 'object' && inner !== null) waiting.push(inner);
    }
  }
  return value;
}

function jsonText(payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload);
  } catch (error) {
    throw new RuntimeError('PAYLOAD_INVALID', 'the payload of an event cannot be written as JSON', { cause: error });
  }
}
