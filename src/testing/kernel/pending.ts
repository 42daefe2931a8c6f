import type { Cell } from '../../actors/core/index.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { Choice } from '../explore/strategies/strategy.ts';

/** Something that could happen next in a schedule. */
export abstract class Pending implements Choice {
  readonly key: string;
  readonly kind: Choice['kind'];
  /** When it came, as a count. The oldest one is the default. */
  order = 0;

  constructor(key: string, kind: Choice['kind']) {
    this.key = key;
    this.kind = kind;
  }

  /** The actor whose state may be another one afterwards. */
  get cell(): Cell | undefined {
    return undefined;
  }

  /** Whether it could happen now. */
  abstract get eligible(): boolean;
  /** Makes it happen, once. */
  abstract happen(): void;
  /** What the trace says about it. Asked before it happens. */
  abstract describe(): TraceStep;
}
