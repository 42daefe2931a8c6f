import { copyForView } from './redact.ts';
import type { CopyLimits, Redactor } from './redact.ts';

/** A state as Stately's inspector takes it. */
export interface StatelySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: readonly string[];
  readonly output?: unknown;
  readonly error?: unknown;
}

/** Turns what happens in a system into what Stately's inspector shows, fit to leave the process. */
export class StatelyFrames {
  readonly #redactor: Redactor | false;
  readonly #limits: CopyLimits;
  /** What machines look like, redacted once each. */
  readonly #definitions = new WeakMap<object, object>();

  constructor(redactor: Redactor | false, limits: CopyLimits) {
    this.#redactor = redactor;
    this.#limits = limits;
  }

  /** A message; `type` aside, everything of it is redacted. */
  event(message: object): { readonly type: string } {
    const { type, ...rest } = message as { readonly type?: unknown };
    const copied = this.#copy({ event: rest }) as { readonly event?: unknown };
    const shown = typeof copied.event === 'object' && copied.event !== null ? copied.event : { redacted: copied.event };
    return { ...shown, type: typeof type === 'string' ? type.slice(0, 200) : '?' };
  }

  /** XState's snapshot, or the state of a behaviour, which is shown as context. */
  snapshot(snapshot: unknown, more: Partial<StatelySnapshot> = {}): StatelySnapshot {
    const chart = chartSnapshot(snapshot);
    if (chart === undefined) return { status: 'active', ...this.#part({ context: snapshot }), ...this.#part(more) };
    const { status = 'active', value, context, tags, output, error } = chart;
    const shown = this.#part({ value, context, output, error });
    return { status, tags: [...(tags ?? [])].map(String), ...shown, ...this.#part(more) };
  }

  /** The definition of a machine; undefined for other logic. */
  definition(logic: object): object | undefined {
    const known = this.#definitions.get(logic);
    if (known !== undefined) return known;
    const config = 'config' in logic ? logic.config : undefined;
    if (typeof config !== 'object' || config === null) return undefined;
    const shown = copyForView(config, this.#definitionRedactor, { depth: 40, entries: 1000, values: 50_000 }) as object;
    this.#definitions.set(logic, shown);
    return shown;
  }

  // Names of states and events may well be such as `tokenExpired`; only where data stands there is something to hide.
  readonly #definitionRedactor: Redactor = (path, value) => {
    if (typeof value === 'function') return { type: value.name };
    const isData = path.some((key) => DATA_KEYS.has(key));
    return isData && this.#redactor !== false ? this.#redactor(path, value) : value;
  };

  #part(part: Partial<StatelySnapshot>): Partial<StatelySnapshot> {
    return this.#copy(part) as Partial<StatelySnapshot>;
  }

  #copy(value: object): unknown {
    return copyForView(value, this.#redactor, this.#limits);
  }
}

const DATA_KEYS = new Set(['context', 'params', 'input', 'output', 'meta']);

interface ChartSnapshot {
  readonly status?: StatelySnapshot['status'];
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: Iterable<unknown>;
  readonly output?: unknown;
  readonly error?: unknown;
}

function chartSnapshot(snapshot: unknown): ChartSnapshot | undefined {
  if (typeof snapshot !== 'object' || snapshot === null) return undefined;
  return 'status' in snapshot && ('context' in snapshot || 'output' in snapshot)
    ? (snapshot as ChartSnapshot)
    : undefined;
}
