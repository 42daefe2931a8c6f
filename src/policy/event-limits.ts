// What an event may look like. Each check has a code of its own and names what is wrong with which limit, never the value
// of metadata or a payload.

import { RuntimeError } from '../errors/index.ts';
import { segmentsProblem } from './glob.ts';
import { shown } from './required-options.ts';

/** Most bytes of a payload unless the bus is told otherwise: 4 MiB. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;
/** Most characters of a subject and of a content type. */
export const LONGEST_EVENT_TEXT = 256;
/** Most entries of an event's metadata. */
export const MOST_METADATA_ENTRIES = 64;
/** Most characters of an event's metadata, keys and values together: 16 KiB. */
export const LARGEST_METADATA = 16 * 1024;

/** The last instant that nanoseconds in 64 bits can say, in milliseconds. */
const LAST_TIME = 9_223_372_036_853;

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});

/** Metadata that belongs to nobody else, and how much it takes. */
export interface CheckedMetadata {
  readonly metadata: Readonly<Record<string, string>>;
  /** Characters of its keys and values. */
  readonly size: number;
}

/** Returns the type of an event; throws `EVENT_TYPE_INVALID` for what is none. */
export function checkEventType(type: unknown): string {
  // Most events have the type of the one before, and comparing is quicker than checking.
  if (lastType !== undefined && type === lastType) return lastType;
  const problem = typeProblem(type);
  if (problem !== undefined) throw new RuntimeError('EVENT_TYPE_INVALID', `event type ${shown(type)} ${problem}`);
  lastType = type as string;
  return lastType;
}

/** The type that was checked last, if it is one. */
let lastType: string | undefined;

/** Returns the subject, empty for none; throws `SUBJECT_INVALID`. */
export function checkSubject(subject: unknown): string {
  if (subject === undefined) return '';
  const problem = textProblem(subject);
  if (problem !== undefined) throw new RuntimeError('SUBJECT_INVALID', `the subject of an event ${problem}`);
  return subject as string;
}

/** Returns the content type, empty for the default one; throws `CONTENT_TYPE_INVALID`. */
export function checkContentType(contentType: unknown): string {
  if (contentType === undefined) return '';
  const problem = textProblem(contentType);
  if (problem === undefined) return contentType as string;
  throw new RuntimeError('CONTENT_TYPE_INVALID', `the content type of an event ${problem}`);
}

/** Returns when the event happened, `now` when it does not say; throws `EVENT_TIME_INVALID`. */
export function checkEventTime(time: unknown, now: number): number {
  if (time === undefined) return now;
  if (typeof time === 'number' && time >= 0 && time <= LAST_TIME) return time;
  throw new RuntimeError(
    'EVENT_TIME_INVALID',
    `the time of an event must be a number of milliseconds from 0 to ${LAST_TIME}, got ${shown(time)}`,
  );
}

/** Copies metadata, reading each value once; throws `METADATA_INVALID`. */
export function checkMetadata(metadata: unknown): CheckedMetadata {
  if (metadata === undefined) return { metadata: NO_METADATA, size: 0 };
  if (typeof metadata !== 'object' || metadata === null || Symbol.iterator in metadata) {
    throw new RuntimeError('METADATA_INVALID', `the metadata of an event must be an object, got ${shown(metadata)}`);
  }
  const keys = Object.keys(metadata);
  if (keys.length === 0) return { metadata: NO_METADATA, size: 0 };
  if (keys.length > MOST_METADATA_ENTRIES) {
    throw refusedMetadata(`has ${keys.length} entries, more than ${MOST_METADATA_ENTRIES}`);
  }
  const copy: Record<string, string> = {};
  let size = 0;
  for (const key of keys) {
    const value = (metadata as Readonly<Record<string, unknown>>)[key];
    if (typeof value !== 'string') throw refusedMetadata(`must hold strings only, ${shown(key)} does not`);
    if (!key.isWellFormed() || !value.isWellFormed())
      throw refusedMetadata(`has half a surrogate pair at ${shown(key)}`);
    size += key.length + value.length;
    if (key === '__proto__') defineEntry(copy, key, value);
    else copy[key] = value;
  }
  if (size > LARGEST_METADATA) throw refusedMetadata(`has ${size} characters, more than ${LARGEST_METADATA}`);
  return { metadata: Object.freeze(copy), size };
}

/** For a key that an assignment would take for something else. */
function defineEntry(copy: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Throws `PAYLOAD_TOO_LARGE` with size and limit. */
export function checkPayloadSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new RuntimeError('PAYLOAD_TOO_LARGE', `the payload of an event has ${bytes} bytes, more than ${maxBytes}`, {
    details: { bytes, maxBytes },
  });
}

function typeProblem(type: unknown): string | undefined {
  const problem = segmentsProblem(type);
  if (problem !== undefined) return problem;
  return (type as string).includes('*') ? 'has a "*", which only patterns have' : undefined;
}

function textProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return `must be a string, got ${shown(text)}`;
  if (text.length > LONGEST_EVENT_TEXT) return `has ${text.length} characters, more than ${LONGEST_EVENT_TEXT}`;
  return text.isWellFormed() ? undefined : 'has half a surrogate pair';
}

function refusedMetadata(problem: string): RuntimeError {
  return new RuntimeError('METADATA_INVALID', `the metadata of an event ${problem}`);
}
