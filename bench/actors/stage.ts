import type { Round } from '../harness/measurement.ts';
import type { SideName } from './sides.ts';

/** One work of one side. */
export interface Variant {
  readonly side: SideName;
  readonly work: string;
}

/** What is told of two variants. */
export interface StageMetric {
  readonly metric: string;
  readonly what: string;
  readonly unit: string;
  /** Names of variants; a peer without a work is a figure. */
  readonly own: string;
  readonly peer: string;
  /** The peer in words. */
  readonly peerName: string;
  /** `stallMs`: how long the event loop was held up meanwhile, instead of what the work itself says. */
  readonly of?: 'stallMs';
  /** Default: own to peer. */
  readonly ratio?: (round: Round) => number;
}

/** Works that are measured in turns. */
export interface Stage {
  readonly name: string;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly metrics: readonly StageMetric[];
  /**
   * All in one process, for works of one side that run the same code: two processes may compile it differently. Else each
   * has a process of its own, so that none runs code that was compiled for the needs of another.
   */
  readonly together?: boolean;
  /**
   * How many processes each variant has, one after the other; the rounds are shared out among them. For what differs from
   * process to process by more than from round to round, such as how V8 has compiled the code. Default 1.
   */
  readonly processes?: number;
  /** What works for memory need. */
  readonly exposeGc?: boolean;
  /** How often works without a duration of their own are measured; they are not warmed up either. */
  readonly rounds?: number;
  /** For code that takes long to be compiled for good. Default: that of the pace. */
  readonly warmUpMs?: number;
  /** For what differs by little: this many times as many rounds, each as much shorter. */
  readonly finer?: number;
  /** Works that quick runs put in place of others, by variant. */
  readonly quickWorks?: Readonly<Record<string, string>>;
}
