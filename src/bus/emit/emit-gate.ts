// What decides whether a plugin may publish an event.
//
// One gate per plugin. It outlives the plugin's processes: a plugin that restarts has no new allowance.
//
// Invariants:
//   E1. An event that comes through the gate has the plugin's own name as its source.
//   E2. It has a type that the plugin's permissions match.
//   E3. Its depth is that of its cause plus one, however it comes: by a call, or as the result of a handler.
//   E4. Only what has no cause counts against the rate limit.
//   E5. A refused event leaves a count and a fact, and nothing else.

import { RuntimeError } from '../../errors/index.ts';
import { checkEventType, compileGlobs, matchesAny, resolveRateLimit, shown, TokenBucket } from '../../policy/index.ts';
import type { Glob, RateLimitOptions } from '../../policy/index.ts';
import type { DomainEvent, EventDraft } from '../../ports/index.ts';
import type { BusGateway } from '../bus-gateway.ts';
import type { PublishOptions } from '../publisher.ts';
import type { Receipt } from '../receipt.ts';

/** How a gate is made. */
export interface EmitGateOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  readonly bus: BusGateway;
  /** Patterns of the types that the plugin may publish. Empty: none. */
  readonly permissions: readonly string[];
  /** For events without a cause. Default: 1,000 in a second. */
  readonly rateLimit?: RateLimitOptions | undefined;
}

/** What an event was caused by; undefined for nothing. */
export type EmitCause = PublishOptions['cause'];

/** Publishes events in the name of one plugin, as far as it may. */
export interface EmitGate {
  readonly plugin: string;
  /** Publishes one event. Never throws. `source` is what the plugin claims to be; empty claims nothing. */
  admit(draft: EventDraft, cause: EmitCause, source?: string): Receipt;
  /** Counts and tells a refusal that was found before the gate. */
  refuse(error: RuntimeError): Receipt;
  /** Publishes what a handler returned, in order: the same permissions and depths. The rate limit does not count here. */
  admitEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): readonly Receipt[];
}

/**
 * Makes the gate of one plugin.
 *
 * @throws PATTERN_INVALID for a permission that is no pattern; INVALID_OPTIONS for the rate limit
 */
export function createEmitGate(options: EmitGateOptions): EmitGate {
  return new Gate(options);
}

class Gate implements EmitGate {
  readonly plugin: string;
  readonly #bus: BusGateway;
  readonly #permissions: readonly Glob[];
  readonly #bucket: TokenBucket;

  constructor({ plugin, bus, permissions, rateLimit }: EmitGateOptions) {
    this.plugin = plugin;
    this.#bus = bus;
    this.#permissions = compileGlobs(permissions);
    this.#bucket = new TokenBucket(resolveRateLimit(rateLimit));
  }

  admit(draft: EventDraft, cause: EmitCause, source = ''): Receipt {
    try {
      this.#check(draft, cause, source);
    } catch (error) {
      return this.#refuse(RuntimeError.from(error, 'EVENT_INVALID'), validType(draft));
    }
    return this.#bus.publish(draft, { cause, source: this.plugin });
  }

  refuse(error: RuntimeError): Receipt {
    return this.#refuse(error, undefined);
  }

  admitEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): readonly Receipt[] {
    return drafts.map((draft) => this.admit(draft, cause));
  }

  #check(draft: EventDraft, cause: EmitCause, source: string): void {
    const { plugin } = this;
    // First: whatever else may be wrong, it is not going to be published.
    if (this.#bus.closed) throw new RuntimeError('BUS_CLOSED', 'the event bus was stopped');
    if (source !== '' && source !== plugin) {
      throw new RuntimeError('SOURCE_FORGED', `plugin "${plugin}" published an event in the name of ${shown(source)}`);
    }
    const type = checkEventType(draft.type);
    if (!matchesAny(this.#permissions, type)) {
      throw new RuntimeError('EMIT_DENIED', `plugin "${plugin}" may not publish events of type ${shown(type)}`);
    }
    this.#bus.checkCause(cause);
    // Last: what is refused for another reason takes no token.
    if (cause === undefined && !this.#bucket.take(this.#bus.environment.clock.monotonic())) {
      throw new RuntimeError('RATE_LIMITED', `plugin "${plugin}" publishes more events without a cause than it may`);
    }
  }

  #refuse(error: RuntimeError, type: string | undefined): Receipt {
    return this.#bus.refuse(error, { source: this.plugin, type });
  }
}

/** The type of a draft, if it has one that may be told. */
function validType(draft: EventDraft): string | undefined {
  try {
    return checkEventType(draft.type);
  } catch {
    // Told as the refusal itself.
    return undefined;
  }
}
