import type { AnyActorLogic, Snapshot } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';
import type { Message } from '../../ports/index.ts';
import type { BodyHost } from '../core/body/body.ts';
import { ChartBody } from '../core/body/chart-body.ts';
import { ChartTimers } from './chart-timers.ts';
import type { DurableInner } from './durable-inner.ts';
import type { StateCodec } from './persist-options.ts';
import type { DurableRecord, StoredTimer } from './record.ts';

interface Persisted {
  readonly status?: string;
  readonly context?: unknown;
  readonly children?: Readonly<Record<string, { readonly src?: unknown; readonly snapshot?: Persisted }>>;
  readonly error?: unknown;
}

/** XState logic that can be stored. */
export class DurableChart implements DurableInner {
  readonly #host: BodyHost;
  readonly #logic: AnyActorLogic;
  readonly #codec: StateCodec | undefined;
  readonly #touched: () => void;
  #body: ChartBody | undefined;
  #timers: ChartTimers | undefined;

  /** @param touched called when an actor within the chart has changed, which the chart does not tell by itself */
  constructor(host: BodyHost, logic: AnyActorLogic, codec: StateCodec | undefined, touched: () => void) {
    this.#host = host;
    this.#logic = logic;
    this.#codec = codec;
    this.#touched = touched;
  }

  begin(record: DurableRecord | undefined, delayOf: (timer: StoredTimer) => number): void {
    const { cell } = this.#host;
    const snapshot = record === undefined ? undefined : this.#decode(record.state);
    const body = new ChartBody(this.#host, this.#logic, cell.input, snapshot);
    const { root } = body;
    const restored = root.getSnapshot() as Snapshot<unknown>;
    if (record !== undefined && restored.status === 'error') {
      throw new RuntimeError('SNAPSHOT_INVALID', 'the stored state does not fit the machine', {
        cause: restored.error,
      });
    }
    this.#body = body;
    this.#timers = new ChartTimers(root, cell.system.environment.clock);
    root.system.inspect((event) => {
      if (event.type === '@xstate.snapshot' && event.actorRef !== root) this.#touched();
    });
    body.start();
    if (record !== undefined) this.#timers.restore(record.timers, delayOf);
  }

  capture(): DurableRecord {
    const persisted = this.#persisted();
    const state = withPlainErrors(persisted, 'the chart');
    const { context } = persisted;
    return {
      state: this.#codec === undefined ? state : { ...state, context: this.#codec.encode(context) },
      timers: this.#timers?.armed() ?? [],
    };
  }

  receive(message: Message): void {
    this.#body?.receive(message);
  }

  snapshot(): unknown {
    return this.#body?.snapshot();
  }

  stop(): undefined {
    return this.#body?.stop();
  }

  #persisted(): Persisted {
    try {
      return this.#body?.root.getPersistedSnapshot() as Persisted;
    } catch (cause) {
      // XState's development build refuses inline logic here, and its production build nothing at all.
      throw new RuntimeError('SNAPSHOT_INVALID', 'XState cannot persist the chart', { cause });
    }
  }

  #decode(state: unknown): Snapshot<unknown> {
    if (typeof state !== 'object' || state === null) {
      throw new RuntimeError('SNAPSHOT_INVALID', 'the stored state is no snapshot of XState');
    }
    const snapshot = state as Persisted;
    if (this.#codec === undefined) return snapshot as Snapshot<unknown>;
    return { ...snapshot, context: this.#codec.decode(snapshot.context) } as unknown as Snapshot<unknown>;
  }
}

/** Errors of children that failed are no plain data, and all that is asked of them later is what they said. */
function withPlainErrors(snapshot: Persisted, owner: string): Persisted {
  const { children, error } = snapshot;
  const plain =
    error instanceof Error ? { ...snapshot, error: { name: error.name, message: error.message } } : snapshot;
  if (children === undefined) return plain;
  const entries = Object.entries(children).map(([id, child]) => {
    if (typeof child.src !== 'string') {
      const text = `the actor cannot be stored: child "${id}" of ${owner} has its logic inline; name it in \`setup\``;
      throw new RuntimeError('SNAPSHOT_INVALID', text);
    }
    return [id, child.snapshot ? { ...child, snapshot: withPlainErrors(child.snapshot, `"${id}"`) } : child] as const;
  });
  return { ...plain, children: Object.fromEntries(entries) };
}
