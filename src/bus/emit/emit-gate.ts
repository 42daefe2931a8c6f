// What decides whether a plugin may publish an event.
//
// One gate per plugin. It outlives the plugin's processes: a plugin that restarts has no new allowance.
//
// Invariants:
//   E1. An event that comes through the gate has the plugin's own name as its source.
//   E2. It has a type that the plugin's permissions match.
//   E3. Its depth is that of its cause plus one, however it comes: by a call, or as the result of a handler.
//   E4. What comes by a call takes a token: of the rate limit when it has no cause, or one that the plugin is done with; of
//       a second, larger bucket while its cause is in the plugin's hands.
//   E5. A refused event leaves a count and a fact, and nothing else; whoever wants to know hears of the permission that was
//       missing.

import { RuntimeError } from '../../errors/index.ts';
import { checkEventType, compileGlobs, matchesAny, resolveRateLimit, shown, TokenBucket } from '../../policy/index.ts';
import type { Glob, RateLimitOptions } from '../../policy/index.ts';
import type { DomainEvent, EventDraft } from '../../ports/index.ts';
import type { BusGateway } from '../bus-gateway.ts';
import type { PublishOptions } from '../publisher.ts';
import type { Receipt } from '../receipt.ts';

/** How many events with a cause in flight a plugin may publish for each one without a cause. */
const CAUSED_FOR_EACH_ROOT = 10;

/** How a gate is made. */
export interface EmitGateOptions {
  /** Name of the plugin. */
  readonly plugin: string;
  readonly bus: BusGateway;
  /** Patterns of the types that the plugin may publish. Empty: none. */
  readonly permissions: readonly string[];
  /** For events without a cause, and with one that was settled before. Default: 1,000 in a second. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** For events whose cause is in flight. Default: ten times `rateLimit`. */
  readonly causedRateLimit?: RateLimitOptions | undefined;
  /** Hears of the type of each event that the plugin has no permission for. Must not throw. */
  readonly onDenied?: ((type: string) => void) | undefined;
}

/** What an event was caused by; undefined for nothing. */
export type EmitCause =
  | (NonNullable<PublishOptions['cause']> & {
      /** Whether the plugin is done with it. Default: it is not. */
      readonly isSettled?: boolean | undefined;
    })
  | undefined;

/** Publishes events in the name of one plugin, as far as it may. */
export interface EmitGate {
  readonly plugin: string;
  /** Publishes one event. Never throws. `source` is what the plugin claims to be; empty claims nothing. */
  admit(draft: EventDraft, cause: EmitCause, source?: string): Receipt;
  /** Counts and tells a refusal that was found before the gate. */
  refuse(error: RuntimeError): Receipt;
  /** Publishes what a handler returned, in order: the same permissions and depths. No rate limit counts here. */
  admitEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): readonly Receipt[];
}

/**
 * Makes the gate of one plugin.
 *
 * @throws PATTERN_INVALID for a permission that is no pattern; INVALID_OPTIONS for a rate limit
 */
export function createEmitGate(options: EmitGateOptions): EmitGate {
  return new Gate(options);
}

interface Emit {
  readonly draft: EventDraft;
  readonly cause: EmitCause;
  readonly source: string;
  /** What gives the token; undefined when none is needed. */
  readonly bucket: TokenBucket | undefined;
}

class Gate implements EmitGate {
  readonly plugin: string;
  readonly #bus: BusGateway;
  readonly #permissions: readonly Glob[];
  readonly #bucket: TokenBucket;
  readonly #causedBucket: TokenBucket;
  readonly #onDenied: ((type: string) => void) | undefined;

  constructor({ plugin, bus, permissions, rateLimit, causedRateLimit, onDenied }: EmitGateOptions) {
    this.plugin = plugin;
    this.#bus = bus;
    this.#onDenied = onDenied;
    this.#permissions = compileGlobs(permissions);
    const limit = resolveRateLimit(rateLimit);
    this.#bucket = new TokenBucket(limit);
    const perSecond = limit.perSecond * CAUSED_FOR_EACH_ROOT;
    const burst = limit.burst * CAUSED_FOR_EACH_ROOT;
    this.#causedBucket = new TokenBucket(resolveRateLimit(causedRateLimit ?? { perSecond, burst }, 'causedRateLimit'));
  }

  admit(draft: EventDraft, cause: EmitCause, source = ''): Receipt {
    return this.#admit({ draft, cause, source, bucket: this.#bucketOf(cause) });
  }

  #admit({ draft, cause, source, bucket }: Emit): Receipt {
    try {
      this.#check(draft, cause, source);
      // Last: what is refused for another reason takes no token.
      if (bucket !== undefined) this.#takeFrom(bucket, cause);
    } catch (error) {
      return this.#refuse(RuntimeError.from(error, 'EVENT_INVALID'), validType(draft));
    }
    return this.#bus.publish(draft, { cause, source: this.plugin });
  }

  refuse(error: RuntimeError): Receipt {
    return this.#refuse(error, undefined);
  }

  admitEmitted(cause: DomainEvent, drafts: readonly EventDraft[]): readonly Receipt[] {
    return drafts.map((draft) => this.#admit({ draft, cause, source: '', bucket: undefined }));
  }

  /** E4. */
  #bucketOf(cause: EmitCause): TokenBucket {
    return cause === undefined || cause.isSettled === true ? this.#bucket : this.#causedBucket;
  }

  #takeFrom(bucket: TokenBucket, cause: EmitCause): void {
    if (bucket.take(this.#bus.environment.clock.monotonic())) return;
    const which = cause === undefined ? 'without a cause' : 'with a cause';
    throw new RuntimeError('RATE_LIMITED', `plugin "${this.plugin}" publishes more events ${which} than it may`);
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
      this.#onDenied?.(type);
      throw new RuntimeError('EMIT_DENIED', `plugin "${plugin}" may not publish events of type ${shown(type)}`);
    }
    this.#bus.checkCause(cause);
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
