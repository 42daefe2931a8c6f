import { decodePayload } from '../../policy/index.ts';
import type { DomainEvent, WireEvent } from '../../ports/index.ts';
import type { EventView } from '../../transport/events/index.ts';

/** Makes the public form of an event. Throws `EVENT_PROTOCOL_VIOLATION` and `PAYLOAD_INVALID` for what is none. */
export type OpenEvent = (view: EventView) => DomainEvent;

/** Decodes all of an event at once. */
export const openFully: OpenEvent = (view) => {
  const wire = view.decode();
  const contentType = wire.contentType || 'application/json';
  return {
    id: wire.id,
    type: wire.type,
    time: wire.time,
    source: wire.source,
    subject: wire.subject || undefined,
    contentType,
    metadata: wire.metadata,
    payload: decodePayload(wire.payload, contentType),
    depth: wire.depth,
    causationId: wire.causationId || undefined,
  };
};

/** Decodes what is read. An event that is no event fails where it is read. */
export const openLazily: OpenEvent = (view) => new LazilyReadEvent(view);

class LazilyReadEvent implements DomainEvent {
  readonly #view: EventView;
  #wire: WireEvent | undefined;
  #payload: { readonly value: unknown } | undefined;

  constructor(view: EventView) {
    this.#view = view;
  }

  get id(): string {
    return this.#view.id;
  }
  get type(): string {
    return this.#view.type;
  }
  get depth(): number {
    return this.#view.depth;
  }
  get time(): number {
    return this.#decoded().time;
  }
  get source(): string {
    return this.#decoded().source;
  }
  get subject(): string | undefined {
    return this.#decoded().subject || undefined;
  }
  get contentType(): string {
    return this.#decoded().contentType || 'application/json';
  }
  get metadata(): Readonly<Record<string, string>> {
    return this.#decoded().metadata;
  }
  get causationId(): string | undefined {
    return this.#decoded().causationId || undefined;
  }
  get payload(): unknown {
    this.#payload ??= { value: decodePayload(this.#decoded().payload, this.contentType) };
    return this.#payload.value;
  }

  /** As an ordinary object, which is what logs and JSON want. */
  toJSON(): DomainEvent {
    return openFully(this.#view);
  }

  #decoded(): WireEvent {
    this.#wire ??= this.#view.decode();
    return this.#wire;
  }
}
