import { decodeJsonPayload, decodePayload, isJsonContentType, JSON_CONTENT_TYPE } from '../../policy/index.ts';
import type { DomainEvent, WireEvent } from '../../ports/index.ts';
import type { EventForm, EventView } from '../../transport/events/index.ts';

/** Makes the public form of an event. Throws `EVENT_PROTOCOL_VIOLATION` and `PAYLOAD_INVALID` for what is none. */
export type OpenEvent = (view: EventView) => DomainEvent;

/** Decodes all of an event at once. */
export const openFully: OpenEvent = (view) => view.decodeAs(DOMAIN_FORM);

/** The public form, straight from the bytes. */
const DOMAIN_FORM: EventForm<undefined, unknown> = {
  none: undefined,
  contentType: JSON_CONTENT_TYPE,
  payloadOf: (bytes, start, end, contentType) =>
    isJson(contentType) ? decodeJsonPayload(bytes, start, end) : bytes.subarray(start, end),
};

/** Most events have the content type of the one before; to look at it closely takes longer than most of the rest. */
let lastContentType = JSON_CONTENT_TYPE;
let lastIsJson = true;

function isJson(contentType: string): boolean {
  if (contentType !== lastContentType) {
    lastContentType = contentType;
    lastIsJson = isJsonContentType(contentType);
  }
  return lastIsJson;
}

/** Decodes what is read. An event that is no event fails where it is read. */
export const openLazily: OpenEvent = (view) => new LazilyReadEvent(view);

/** There is one for each event: it has no private methods, which cost every object a field. */
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
    return LazilyReadEvent.#wireOf(this).time;
  }
  get source(): string {
    return LazilyReadEvent.#wireOf(this).source;
  }
  get subject(): string | undefined {
    return LazilyReadEvent.#wireOf(this).subject || undefined;
  }
  get contentType(): string {
    return LazilyReadEvent.#wireOf(this).contentType || JSON_CONTENT_TYPE;
  }
  get metadata(): Readonly<Record<string, string>> {
    return LazilyReadEvent.#wireOf(this).metadata;
  }
  get causationId(): string | undefined {
    return LazilyReadEvent.#wireOf(this).causationId || undefined;
  }
  get payload(): unknown {
    this.#payload ??= { value: decodePayload(LazilyReadEvent.#wireOf(this).payload, this.contentType) };
    return this.#payload.value;
  }

  /** As an ordinary object, which is what logs and JSON want. */
  toJSON(): DomainEvent {
    return openFully(this.#view);
  }

  static #wireOf(event: LazilyReadEvent): WireEvent {
    event.#wire ??= event.#view.decode();
    return event.#wire;
  }
}
