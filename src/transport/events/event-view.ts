import type { WireEvent } from '../../ports/domain-event.ts';
import { readEvent, WIRE_FORM } from './decode-event.ts';
import type { DecodedEvent, EventForm } from './decode-event.ts';
import type { EventView } from './deliver-frames.ts';
import { hashOf, sharedText } from './shared-text.ts';
import { WireReader } from './wire-reader.ts';

/**
 * An event within the bytes of a message. Nothing of it is read before it is asked for; each getter and method throws
 * `EVENT_PROTOCOL_VIOLATION` when the bytes are no event.
 *
 * There is one for each event: it has no private methods, which cost every object a field.
 */
export class LazyEvent implements EventView {
  readonly bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  // Where the texts lie: to find them costs little, to make strings of them most of the rest.
  /** Below 0 until they are looked for. */
  #idStart = -1;
  #idEnd = 0;
  #typeStart = 0;
  #typeEnd = 0;
  #depth = 0;
  #id: string | undefined;
  #type: string | undefined;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get id(): string {
    if (this.#idStart < 0) LazyEvent.#find(this);
    this.#id ??= this.bytes.toString('utf8', this.#idStart, this.#idEnd);
    return this.#id;
  }

  get type(): string {
    if (this.#idStart < 0) LazyEvent.#find(this);
    this.#type ??= sharedText(this.bytes, this.#typeStart, this.#typeEnd);
    return this.#type;
  }

  get depth(): number {
    if (this.#idStart < 0) LazyEvent.#find(this);
    return this.#depth;
  }

  get idStart(): number {
    if (this.#idStart < 0) LazyEvent.#find(this);
    return this.#idStart;
  }

  get idEnd(): number {
    if (this.#idStart < 0) LazyEvent.#find(this);
    return this.#idEnd;
  }

  get hasType(): boolean {
    if (this.#idStart < 0) LazyEvent.#find(this);
    return this.#typeEnd > this.#typeStart;
  }

  hashId(): number {
    return hashOf(this.bytes, this.idStart, this.idEnd);
  }

  decode(): WireEvent {
    return this.decodeAs(WIRE_FORM);
  }

  decodeAs<None, Payload>(form: EventForm<None, Payload>): DecodedEvent<None, Payload> {
    return readEvent(new WireReader(this.bytes, this.#start, this.#end), form, this.#id, this.#type);
  }

  /**
   * What a dispatcher wants of every event; the last of several equal fields counts, as everywhere in protobuf. Fields
   * with a short tag and a short length are nearly all there is, and read here; a reader takes the others.
   */
  static #find(view: LazyEvent): void {
    const bytes = view.bytes;
    const end = view.#end;
    let at = view.#start;
    let idStart = 0;
    while (at + 1 < end) {
      const tag = bytes[at] as number;
      let from = at + 2;
      let size = bytes[at + 1] as number;
      if (tag === 0x18) {
        const after = numberEnd(bytes, at + 1, end);
        if (after === 0) break;
        at = after;
        continue;
      }
      if (size > 0x7f) {
        const high = bytes[from] as number;
        if (high > 0x7f) break;
        size = (size & 0x7f) | (high << 7);
        from += 1;
      }
      if (tag < 8 || (tag & 0x87) !== 2 || from + size > end) break;
      at = from + size;
      if (tag === 0x0a) {
        idStart = from;
        view.#idEnd = at;
      } else if (tag === 0x12) {
        view.#typeStart = from;
        view.#typeEnd = at;
      }
    }
    view.#idStart = at < end ? LazyEvent.#findRest(view, new WireReader(bytes, at, end), idStart) : idStart;
  }

  /** Returns where the id begins. */
  static #findRest(view: LazyEvent, reader: WireReader, idStartSoFar: number): number {
    let idStart = idStartSoFar;
    while (reader.hasMore) {
      const tag = reader.tag();
      if (tag === 0x48) view.#depth = reader.uint32();
      else if (tag === 0x0a) {
        view.#idEnd = reader.lengthEnd();
        idStart = reader.at;
        reader.at = view.#idEnd;
      } else if (tag === 0x12) {
        view.#typeEnd = reader.lengthEnd();
        view.#typeStart = reader.at;
        reader.at = view.#typeEnd;
      } else reader.skip(tag);
    }
    return idStart;
  }
}

/** Where the number at this place ends; 0 when that is not within the 10 bytes that a number has at most. */
function numberEnd(bytes: Buffer, at: number, end: number): number {
  const last = Math.min(end, at + 10);
  for (let next = at; next < last; next += 1) if ((bytes[next] as number) < 0x80) return next + 1;
  return 0;
}
