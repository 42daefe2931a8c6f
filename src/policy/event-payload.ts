// Payloads: JSON or bytes. What travels and waits is bytes; what handlers see is made from the bytes.

import { RuntimeError } from '../errors/index.ts';
import { shown } from './required-options.ts';

/** The content type of an event that names none. */
export const JSON_CONTENT_TYPE = 'application/json';
/** The content type of a `Uint8Array` that names none. */
export const BYTES_CONTENT_TYPE = 'application/octet-stream';

/** Whether payloads of the content type are JSON: `application/json`, `…+json`, both also with parameters. */
export function isJsonContentType(contentType: string): boolean {
  if (contentType === '' || contentType === JSON_CONTENT_TYPE) return true;
  // What most of the others are, and a comparison is much quicker than the pattern.
  return contentType !== BYTES_CONTENT_TYPE && JSON_TYPE.test(contentType);
}

const JSON_TYPE = /^(?:application\/json|[^;\s]+\+json)\s*(?:;|$)/i;

/**
 * The bytes of a payload, which belong to nobody else. A `Uint8Array` is copied.
 *
 * What is inside of the payload follows the rules of `JSON.stringify`: a `Date` becomes text, a `Map` loses its entries.
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
  const problem = lossOf(payload);
  if (problem !== undefined) throw new RuntimeError('PAYLOAD_INVALID', `${problem} cannot be the payload of an event`);
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
  return decodeJsonPayload(Buffer.from(buffer, byteOffset, byteLength), 0, byteLength);
}

/**
 * The JSON in a part of some bytes, frozen through and through; `null` for an empty part.
 *
 * @throws PAYLOAD_INVALID for bytes that are no JSON
 */
export function decodeJsonPayload(bytes: Buffer, start: number, end: number): unknown {
  if (start === end) return null;
  try {
    return deepFrozen(JSON.parse(bytes.toString('utf8', start, end)));
  } catch (error) {
    // The parser's own text repeats parts of the payload.
    throw new RuntimeError('PAYLOAD_INVALID', `the payload of an event is not JSON (${end - start} bytes)`, {
      details: { bytes: end - start, kind: error instanceof Error ? error.name : typeof error },
    });
  }
}

/** Freezes parsed JSON in place. Without recursion: a payload may be nested deeper than the stack allows. */
export function deepFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  const waiting: object[] = [];
  for (let next: object | undefined = value; next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) pushObjects(next, waiting);
    else {
      const fields = next as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(fields)) {
        const inner = fields[key];
        if (typeof inner === 'object' && inner !== null) waiting.push(inner);
      }
    }
    // Last: to look into what is frozen takes longer.
    Object.freeze(next);
  }
  return value;
}

function pushObjects(items: readonly unknown[], into: object[]): void {
  for (const item of items) if (typeof item === 'object' && item !== null) into.push(item);
}

/** What `JSON.stringify` would turn into something else without a word. Only the outermost value is looked at. */
function lossOf(payload: unknown): string | undefined {
  if (typeof payload === 'number') return Number.isFinite(payload) ? undefined : `the number ${payload}`;
  if (typeof payload !== 'object' || payload === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(payload);
  // What most payloads are, and much quicker.
  if (prototype === Object.prototype || prototype === Array.prototype || 'toJSON' in payload) return undefined;
  if (ArrayBuffer.isView(payload)) return 'a view of bytes that is no Uint8Array';
  const lost = LOST.find((kind) => payload instanceof kind);
  return lost === undefined ? undefined : `a ${lost.name}`;
}

const LOST: readonly (abstract new (...args: never[]) => object)[] = [
  Map,
  Set,
  WeakMap,
  WeakSet,
  Promise,
  ArrayBuffer,
  SharedArrayBuffer,
];

function jsonText(payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload);
  } catch (error) {
    throw new RuntimeError('PAYLOAD_INVALID', 'the payload of an event cannot be written as JSON', { cause: error });
  }
}
