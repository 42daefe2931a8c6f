// Calls as bytes between two threads. What is written during one turn goes over in one piece of memory, which is handed
// over and not copied: a message between threads costs more than all that is in it.
//
// A frame is `kind (1 byte), call (4 bytes), length of the body (4 bytes), body`.
//
// Invariants:
//   F1. Frames come out in the order in which they went in, each once and whole.
//   F2. What cannot be read ends in INTERNAL, never in a half-read frame: the other side may be any program.

import { RuntimeError } from '../../errors/index.ts';

/** What frames say. The first five come from the caller, the others from whoever serves. */
export const FRAME = {
  /** Begins a call; the body is an `Opening`. */
  open: 1,
  /** A message in the stream of requests. */
  request: 2,
  /** There are no further requests. */
  requestsEnd: 3,
  /** The caller gave up. */
  cancel: 4,
  /** As many bytes of responses were read: more may come. */
  creditResponses: 5,
  /** A message in the stream of responses. */
  response: 6,
  /** The one response; ends the call well. */
  answer: 7,
  /** Ends a stream of responses well. */
  end: 8,
  /** Ends the call with a status. */
  fail: 9,
  /** The call was taken in. */
  accepted: 10,
  /** As many bytes of requests were read. */
  creditRequests: 11,
} as const;

/** Kinds of frames. */
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** Takes what is in a piece. The body is a view of the piece, and may be kept. */
export type FrameReader = (kind: number, call: number, body: Buffer) => void;

const HEAD_BYTES = 9;
const EMPTY = Buffer.alloc(0);

/** Collects frames for one piece. */
export class FrameBatch {
  readonly #frames: { readonly kind: FrameKind; readonly call: number; readonly body: Uint8Array }[] = [];
  #bytes = 0;

  /** Bytes that the piece will have. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame. The body must not change until the piece is taken. */
  add(kind: FrameKind, call: number, body: Uint8Array = EMPTY): void {
    this.#frames.push({ kind, call, body });
    this.#bytes += HEAD_BYTES + body.length;
  }

  /** All that was added, in memory that belongs to nobody else. */
  take(): ArrayBuffer {
    // Not from the pool: the memory is given away.
    const piece = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const { kind, call, body } of this.#frames) {
      piece[at] = kind;
      piece.writeUInt32LE(call, at + 1);
      piece.writeUInt32LE(body.length, at + 5);
      piece.set(body, at + HEAD_BYTES);
      at += HEAD_BYTES + body.length;
    }
    this.#frames.length = 0;
    this.#bytes = 0;
    return piece.buffer;
  }
}

/** Reads a piece. Throws INTERNAL for what is none (F2); frames before the damage are read. */
export function readFrames(piece: ArrayBuffer, read: FrameReader): void {
  const bytes = Buffer.from(piece);
  let at = 0;
  while (at < bytes.length) {
    const start = at + HEAD_BYTES;
    if (start > bytes.length) throw damaged();
    const end = start + bytes.readUInt32LE(at + 5);
    if (end > bytes.length) throw damaged();
    read(bytes.readUInt8(at), bytes.readUInt32LE(at + 1), bytes.subarray(start, end));
    at = end;
  }
}

function damaged(): RuntimeError {
  return new RuntimeError('INTERNAL', 'the other thread sent frames that cannot be read');
}

/** How a call begins. */
export interface Opening {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the caller wants to hear that the call was taken in. */
  readonly wantsAcceptance: boolean;
  /** The one request; undefined where a stream of them follows. */
  readonly request: Buffer | undefined;
}

const WANTS_ACCEPTANCE = 1;
const HAS_REQUEST = 2;
const HAS_METADATA = 4;

/** Writes an opening: flags, length of the path, path, length of the metadata and metadata where there are any, request. */
export function encodeOpening({ path, metadata, wantsAcceptance, request }: Opening): Buffer {
  const fields = Object.keys(metadata).length === 0 ? undefined : Buffer.from(JSON.stringify(metadata));
  const pathBytes = Buffer.byteLength(path);
  const metadataBytes = fields === undefined ? 0 : 4 + fields.length;
  const body = Buffer.allocUnsafe(3 + pathBytes + metadataBytes + (request?.length ?? 0));
  body[0] =
    (wantsAcceptance ? WANTS_ACCEPTANCE : 0) |
    (request === undefined ? 0 : HAS_REQUEST) |
    (fields === undefined ? 0 : HAS_METADATA);
  body.writeUInt16LE(pathBytes, 1);
  let at = 3 + body.write(path, 3);
  if (fields !== undefined) {
    at = body.writeUInt32LE(fields.length, at);
    at += fields.copy(body, at);
  }
  request?.copy(body, at);
  return body;
}

/** Reads an opening. Throws when it is none. */
export function decodeOpening(body: Buffer): Opening {
  const flags = body.readUInt8(0);
  let at = 3 + body.readUInt16LE(1);
  const path = body.toString('utf8', 3, at);
  let metadata: Readonly<Record<string, string>> = {};
  if ((flags & HAS_METADATA) !== 0) {
    const length = body.readUInt32LE(at);
    metadata = fieldsIn(body.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  const request = (flags & HAS_REQUEST) === 0 ? undefined : body.subarray(at);
  return { path, metadata, wantsAcceptance: (flags & WANTS_ACCEPTANCE) !== 0, request };
}

/** Only texts, whatever the other side has written. */
function fieldsIn(json: string): Readonly<Record<string, string>> {
  const value = JSON.parse(json) as unknown;
  if (typeof value !== 'object' || value === null) throw damaged();
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Writes a status: its number and its text. */
export function encodeStatus(code: number, details: string): Buffer {
  return Buffer.concat([Uint8Array.of(code), Buffer.from(details)]);
}

/** Reads a status. */
export function decodeStatus(body: Buffer): { readonly code: number; readonly details: string } {
  return { code: body.readUInt8(0), details: body.toString('utf8', 1) };
}

/** Writes a number of bytes. */
export function encodeCredit(bytes: number): Buffer {
  const body = Buffer.allocUnsafe(4);
  body.writeUInt32LE(bytes);
  return body;
}
