// One plugin of a lifecycle: its chart, and what belongs to the requests that are under way.
//
// Invariants:
//   M1. Each request settles once: with its row, with its error, or with the end of the lifecycle.
//   M2. Each crash that is reported gets a verdict; when nobody is left to give one, the plugin stays down.

import { createPluginLifecycleLogic } from '../../actors/index.ts';
import type { Actor } from '../../actors/index.ts';
import { RuntimeError } from '../../errors/index.ts';
import type {
  LifecycleRequest,
  PendingCrash,
  pluginLifecycleMachine,
  PluginLifecycleFact,
} from '../../machines/index.ts';
import type { ActorRef, CrashReport } from '../../ports/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type { ActorSystem } from '../../actors/index.ts';
import { PluginInstance } from './plugin-instance.ts';
import { PluginLease } from './plugin-lease.ts';
import { createPluginWork } from './plugin-work.ts';
import type { RequestDetails } from './request.ts';
import type { LifecycleFact } from './types.ts';
import type { LifecycleParts, WorkContextParts } from './work-context.ts';

/** What a manager is made of. */
export interface ManagerParts extends LifecycleParts {
  readonly plugin: string;
  readonly system: ActorSystem;
  readonly parent: ActorRef<never>;
  readonly tell: (fact: LifecycleFact) => void;
}

interface Waiting {
  readonly details: RequestDetails;
  readonly resolve: (row: PluginRow | undefined) => void;
  readonly reject: (error: RuntimeError) => void;
}

/** Runs the lifecycle of one plugin. */
export class PluginManager {
  readonly plugin: string;
  readonly instance: PluginInstance;
  readonly context: WorkContextParts;
  readonly #actor: Actor<typeof pluginLifecycleMachine>;
  readonly #requests = new Map<number, Waiting>();
  readonly #crashes = new Map<number, (decision: 'restart' | 'quarantine') => void>();
  #last = 0;

  constructor(parts: ManagerParts) {
    const { plugin, system, parent, store, environment, owner, formerOwners, settings, tell } = parts;
    this.plugin = plugin;
    const { clock } = environment;
    this.instance = new PluginInstance({
      plugin,
      clock,
      launch: parts.launch,
      onEnd: (failure) => void this.#actor.tell({ type: 'process.ended', failure }),
      onVersionFailed: (failure) => void this.#actor.tell({ type: 'version.failed', failure }),
    });
    const timeoutMs = settings.storeTimeoutMs;
    const lease = new PluginLease({
      store,
      clock,
      plugin,
      owner,
      formerOwners,
      ttlMs: settings.policy.lease.ttlMs,
      timeoutMs,
    });
    const detailsOf = (request: number): RequestDetails | undefined => this.#requests.get(request)?.details;
    this.context = { ...parts, lease, instance: this.instance, detailsOf };
    this.#actor = system.spawn(createPluginLifecycleLogic(createPluginWork(this.context)), {
      name: environment.ids.next(plugin.slice(0, SHOWN_NAME)),
      parent,
      input: { plugin, policy: settings.policy },
    });
    this.#actor.onFact((fact) => this.#hear(fact, tell));
    void this.#actor.ended.then(() => this.#over());
  }

  /** What is known of the row; exact while this host has the lease. */
  get row(): PluginRow | undefined {
    return this.#actor.snapshot().context.row;
  }

  /** Whether this host has the plugin's lease. */
  get isOwning(): boolean {
    return this.#actor.snapshot().hasTag('owning');
  }

  /** Whether nothing is under way that somebody has asked for. */
  get isIdle(): boolean {
    return this.#requests.size === 0;
  }

  /** Does an operation. Rejects with why it was refused, or failed. */
  request(details: RequestDetails): Promise<PluginRow | undefined> {
    this.#last += 1;
    const request: LifecycleRequest = { id: this.#last, operation: details.operation };
    return new Promise((resolve, reject) => {
      this.#requests.set(request.id, { details, resolve, reject });
      const outcome = this.#actor.tell({ type: 'operation.request', request });
      if (outcome.accepted) return;
      const isFull = outcome.reason === 'mailboxFull';
      const text = `plugin "${this.plugin}" takes no ${details.operation} now`;
      this.#fail(request.id, new RuntimeError(isFull ? 'MAILBOX_FULL' : 'HOST_STOPPED', text));
    });
  }

  /** Says what the store says. */
  see(row: PluginRow | undefined): void {
    this.#actor.tell({ type: 'row.seen', row });
  }

  /** Decides about a crash. */
  judge({ code, message }: CrashReport): Promise<'restart' | 'quarantine'> {
    this.#last += 1;
    const crash: PendingCrash = { id: this.#last, code, message, isFatal: false };
    return new Promise((resolve) => {
      this.#crashes.set(crash.id, resolve);
      if (!this.#actor.tell({ type: 'process.crashed', crash }).accepted) this.#judged(crash.id, 'quarantine');
    });
  }

  /** Ends the instance, lets go of the lease, and leaves the row as it is. */
  async stop(): Promise<void> {
    this.#actor.tell({ type: 'lifecycle.stop' });
    await this.#actor.ended;
  }

  /** Ends the instance by force, and writes nothing more. For one whose `stop` takes too long; waits for nothing. */
  abandon(): void {
    this.context.lease.forget();
    void this.instance.kill().catch(() => {});
    this.#over();
  }

  #hear(fact: PluginLifecycleFact, tell: (fact: LifecycleFact) => void): void {
    switch (fact.type) {
      case 'lifecycle.changed':
        tell(fact);
        break;
      case 'operation.done':
        this.#requests.get(fact.request.id)?.resolve(fact.row);
        this.#requests.delete(fact.request.id);
        break;
      case 'operation.failed':
        this.#fail(fact.request.id, fact.error);
        break;
      case 'crash.judged':
        this.#judged(fact.crash, fact.decision);
    }
  }

  #fail(id: number, error: RuntimeError): void {
    this.#requests.get(id)?.reject(error);
    this.#requests.delete(id);
  }

  #judged(id: number, decision: 'restart' | 'quarantine'): void {
    this.#crashes.get(id)?.(decision);
    this.#crashes.delete(id);
  }

  /** M1, M2. Also when the actor was ended by whoever stopped the host first. */
  #over(): void {
    const error = new RuntimeError('HOST_STOPPED', `the lifecycle of plugin "${this.plugin}" was stopped`);
    for (const id of this.#requests.keys()) this.#fail(id, error);
    for (const id of this.#crashes.keys()) this.#judged(id, 'quarantine');
  }
}

/** Characters of a plugin's name in that of its actor. */
const SHOWN_NAME = 64;
