// Keeps the audit of a store: turns denials into entries, links entries to their chains, feeds sinks, removes what is old.
//
// Invariants:
//   B1. Nobody who commits or denies waits for any of this, and nothing of it can fail them.
//   B2. There is one relay for each sink: one that hangs holds up no other, nor the sealing.
//   B3. What is kept in memory is bounded: one batch of entries for each sink, and denials as counts.
//   B4. A stop writes every denial that was told before it, and says how many it could not write, or may not have.

import type { Actor, ActorSystem } from '../../actors/index.ts';
import { createAuditRelayLogic, createSystem } from '../../actors/index.ts';
import { RuntimeError } from '../../errors/index.ts';
import { requireAtLeast } from '../../policy/index.ts';
import type { AuditSink, Denial, DenialPort, Environment } from '../../ports/index.ts';
import type { AuditHead } from '../../ports/lifecycle-store.ts';
import { checkAuditorOptions } from './auditor-options.ts';
import type { AuditFact, AuditorOptions, AuditStatus, AuditStopReport, SinkStatus } from './auditor-options.ts';
import { requireAuditKey } from './chain.ts';
import { DenialWindows } from './denial-windows.ts';
import { createRetirement } from './retention.ts';
import { Sealer } from './sealer.ts';
import { SinkFeed } from './sink-feed.ts';

/** Keeps the audit of a store. Whoever creates it stops it. */
export interface Auditor {
  /** Takes denials; give it to the host. Never throws, never waits. Those told after the stop are lost, and logged. */
  readonly denials: DenialPort;
  /** Says that entries were written, so that they are sealed soon and not at the next poll. Costs next to nothing. */
  notify(): void;
  status(): AuditStatus;
  /** Calls back after each fact. Returns the function that ends this. */
  onFact(listener: (fact: AuditFact) => void): () => void;
  /** Seals and delivers what is left, for at most `deadlineMs` (default 5,000). Idempotent. */
  stop(options?: { readonly deadlineMs?: number }): Promise<AuditStopReport>;
}

const STOP_DEADLINE_MS = 5_000;
/** Facts that somebody has to look into. */
const LOSSES: ReadonlySet<AuditFact['type']> = new Set(['audit.missed', 'audit.cursorRefused', 'audit.damaged']);
/** Entries that are read from the store at once, to be sealed or looked at. */
const PAGE_SIZE = 1_000;

/**
 * Starts keeping the audit of a store.
 *
 * @throws AUDIT_KEY_INVALID; InvalidOptionsError naming the option
 */
export function createAuditor(options: AuditorOptions): Auditor {
  return new StoreAuditor(options);
}

type RelayActor = Actor<ReturnType<typeof createAuditRelayLogic>>;

/** A sink with its relay. A host without sinks has one relay that only seals. */
interface Relay {
  readonly name: string;
  readonly feed: SinkFeed | undefined;
  readonly actor: RelayActor;
  failures: number;
  failure: SinkStatus['failure'];
}

class StoreAuditor implements Auditor {
  readonly #options: AuditorOptions;
  readonly #system: ActorSystem;
  readonly #environment: Environment;
  readonly #windows: DenialWindows;
  readonly #sealer: Sealer;
  readonly #relays: readonly Relay[];
  readonly #listeners = new Set<(fact: AuditFact) => void>();
  #denials = 0;
  /** Denials that the store will never take. */
  #refused = 0;
  #stopping: Promise<AuditStopReport> | undefined;
  #hasStopped = false;

  constructor(options: AuditorOptions) {
    const { store, sinks = [], retention = {} } = options;
    const key = requireAuditKey(options.key);
    const { batchSize, windowMs, permissions } = checkAuditorOptions(options);
    this.#options = options;
    this.#system = options.system ?? createSystem({ environment: options.environment });
    this.#environment = options.environment ?? this.#system.environment;
    this.#windows = new DenialWindows({ windowMs, permissions });
    const environment = this.#environment;
    this.#sealer = new Sealer({
      store,
      key,
      environment,
      windows: this.#windows,
      pageSize: PAGE_SIZE,
      retire: createRetirement({
        store,
        environment,
        retention,
        pageSize: PAGE_SIZE,
        delivered: (plugin) => this.#delivered(plugin),
        onPruned: (plugin, entries) => this.#tell({ type: 'audit.pruned', plugin, entries }),
      }),
      onRefused: (commit, error) => this.#onRefused(commit.audit.length, error),
      onDamaged: (plugin, { code, rawMessage: message }) =>
        this.#tell({ type: 'audit.damaged', plugin, failure: { code, message } }),
      onSealed: (entries) => this.#tell({ type: 'audit.sealed', entries }),
    });
    const writer = environment.ids.next('auditor');
    const feeds = sinks.map((sink) => this.#feedOf(sink, { key, writer, batchSize }));
    this.#relays = (feeds.length === 0 ? [undefined] : feeds).map((feed, index) =>
      this.#startRelay(sinks[index]?.name ?? '', feed),
    );
  }

  readonly denials: DenialPort = (denial: Denial): void => {
    this.#denials++;
    if (this.#hasStopped) {
      this.#log('error', 'a denial came after the stop of the audit and is in no entry', { plugin: denial.plugin });
      return;
    }
    if (this.#windows.add(denial, this.#environment.clock.now())) this.notify();
  };

  notify(): void {
    for (const { actor } of this.#relays) actor.tell({ type: 'entries.written' });
  }

  status(): AuditStatus {
    const heads = this.#sealer.heads;
    const sinks = this.#relays.flatMap(({ name, feed, failures, failure }): SinkStatus[] =>
      feed === undefined ? [] : [{ name, behind: behindOf(feed, heads), failures, failure }],
    );
    return {
      unsealed: heads.reduce((sum, { last, sealed }) => sum + last - sealed, 0),
      denialsPending: this.#windows.pending + this.#sealer.denialsUnderWay,
      denials: this.#denials,
      sinks,
    };
  }

  onFact(listener: (fact: AuditFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop({ deadlineMs = STOP_DEADLINE_MS }: { readonly deadlineMs?: number } = {}): Promise<AuditStopReport> {
    requireAtLeast('deadlineMs', deadlineMs, 0);
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(drainMs: number): Promise<AuditStopReport> {
    for (const { actor } of this.#relays) actor.tell({ type: 'stop', drainMs });
    const outcomes = await Promise.all(this.#relays.map(({ actor }) => actor.ended));
    this.#hasStopped = true;
    if (this.#options.system === undefined) await this.#system.stop();
    const denialsUnclear = this.#sealer.denialsUnderWay;
    const denialsLost = this.#windows.pending + this.#refused;
    if (denialsLost + denialsUnclear > 0) {
      const text = 'denials are missing in the audit, as the store failed';
      this.#log('error', text, { lost: denialsLost, unclear: denialsUnclear });
    }
    const isCaughtUp = outcomes.every((outcome) => outcome.kind === 'done' && outcome.output.isCaughtUp);
    return { isCaughtUp, denialsLost, denialsUnclear };
  }

  #startRelay(name: string, feed: SinkFeed | undefined): Relay {
    const { pollMs, settleMs, sinkTimeoutMs } = this.#options;
    const logic = createAuditRelayLogic({
      seal: (signal) => this.#sealer.round(signal),
      deliver: async (signal) => ({ more: (await feed?.deliver(this.#sealer.heads, signal)) ?? false }),
      finish: async (signal) => ({ isCaughtUp: await this.#finish(feed, signal) }),
    });
    const input = { sink: name, random: this.#environment.random.next(), pollMs, settleMs, stepMs: sinkTimeoutMs };
    const actor = this.#system.spawn(logic, { name: name === '' ? 'audit' : `audit.${name}`, input });
    const relay: Relay = { name, feed, actor, failures: 0, failure: undefined };
    actor.onFact((fact) => {
      relay.failures = fact.type === 'relay.failed' ? fact.attempt : 0;
      relay.failure = fact.type === 'relay.failed' ? fact.failure : undefined;
      this.#tell(fact);
    });
    return relay;
  }

  /** B4. Whether all is sealed and delivered. */
  async #finish(feed: SinkFeed | undefined, signal: AbortSignal): Promise<boolean> {
    await this.#sealer.round(signal, true);
    // Else the sink would get twice what it is about to have.
    await feed?.settled();
    while (feed !== undefined && !signal.aborted && (await feed.deliver(this.#sealer.heads, signal)));
    return !signal.aborted && this.#sealer.heads.every(({ last, sealed }) => last === sealed);
  }

  #feedOf(
    sink: AuditSink,
    parts: { readonly key: Uint8Array; readonly writer: string; readonly batchSize: number },
  ): SinkFeed {
    const { name } = sink;
    return new SinkFeed({
      ...parts,
      store: this.#options.store,
      sink,
      onCursorRefused: () => this.#tell({ type: 'audit.cursorRefused', sink: name }),
      onMissed: (plugin, entries) => this.#tell({ type: 'audit.missed', sink: name, plugin, entries }),
      onDelivered: (entries) => this.#tell({ type: 'audit.delivered', sink: name, entries }),
    });
  }

  /** The last entry that all sinks have; undefined when that is not known of one. */
  #delivered(plugin: string): number | undefined {
    let least = Number.POSITIVE_INFINITY;
    for (const { feed } of this.#relays) {
      const delivered = feed === undefined ? Number.POSITIVE_INFINITY : feed.delivered(plugin);
      if (delivered === undefined) return undefined;
      least = Math.min(least, delivered);
    }
    return least;
  }

  #onRefused(entries: number, error: unknown): void {
    this.#refused += entries;
    const { code, rawMessage } = RuntimeError.from(error);
    this.#log('error', `the store takes no such entries of the audit: ${rawMessage}`, { code, entries });
  }

  #tell(fact: AuditFact): void {
    if (fact.type === 'relay.failed') this.#log('warn', `the audit waits: ${fact.failure.message}`, { ...fact });
    else if (LOSSES.has(fact.type)) this.#log('error', fact.type, { ...fact });
    for (const listener of this.#listeners) {
      try {
        listener(fact);
      } catch (error) {
        this.#log('error', 'a listener of the audit threw', { error });
      }
    }
  }

  #log(level: 'warn' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void {
    this.#environment.log.log(level, text, fields);
  }
}

function behindOf(feed: SinkFeed, heads: readonly AuditHead[]): number | undefined {
  let behind = 0;
  for (const { plugin, sealed } of heads) {
    const delivered = feed.delivered(plugin);
    if (delivered === undefined) return undefined;
    behind += Math.max(0, sealed - delivered);
  }
  return behind;
}
