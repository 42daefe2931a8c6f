import type { WireEvent } from '../../ports/domain-event.ts';
import { readEvent } from './decode-event.ts';
import type { EventView } from './deliver-frames.ts';
import { WireReader } from './wire-reader.ts';

/**
 * An event within the bytes of a message. Nothing of it is read before it is asked for; each getter and `decode` throw
 * `EVENT_PROTOCOL_VIOLATION` when the bytes are no event.
 */
export class LazyEvent implements EventView {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  #isFound = false;
  // Where the texts lie: to find them costs little, to make strings of them most of the rest.
  #idStart = 0;
  #idEnd = 0;
  #typeStart = 0;
  #typeEnd = 0;
  #depth = 0;
  #id: string | undefined;
  #type: string | undefined;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get id(): string {
    if (!this.#isFound) this.#find();
    this.#id ??= this.#bytes.toString('utf8', this.#idStart, this.#idEnd);
    return this.#id;
  }

  get type(): string {
    if (!this.#isFound) this.#find();
    this.#type ??= this.#bytes.toString('utf8', this.#typeStart, this.#typeEnd);
    return this.#type;
  }

  get depth(): number {
    if (!this.#isFound) this.#find();
    return this.#depth;
  }

  decode(): WireEvent {
    return readEvent(new WireReader(this.#bytes, this.#start, this.#end));
  }

  /** What a dispatcher wants of every event; the last of several equal fields counts, as everywhere in protobuf. */
  #find(): void {
    const bytes = this.#bytes;
    const reader = new WireReader(bytes, this.#start, this.#end);
    while (reader.hasMore) {
      const tag = reader.tag();
      if (tag === 0x48) this.#depth = reader.uint32();
      else if (tag === 0x0a) {
        this.#idEnd = reader.lengthEnd();
        this.#idStart = reader.at;
        reader.at = this.#idEnd;
      } else if (tag === 0x12) {
        this.#typeEnd = reader.lengthEnd();
        this.#typeStart = reader.at;
        reader.at = this.#typeEnd;
      } else reader.skip(tag);
    }
    this.#isFound = true;
  }
}
