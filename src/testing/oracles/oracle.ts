import type { ActorSystem, Cell } from '../../actors/core/index.ts';
import type { Clock, Message } from '../../ports/index.ts';
import type { HistoryEntry } from './history.ts';

/** How a schedule came to its end: nothing was left to happen, or its virtual time was up. */
export type ScheduleEnd = 'quiet' | 'timeUp';

/** Something that an actor has taken from its mailbox. */
export interface ProcessedItem {
  /** Path of the sender; the name of a client, or `outside`; `time` for a timer. */
  readonly from: string;
  /** Path of the receiver. */
  readonly to: string;
  /** The message; undefined for the system's own signals. */
  readonly message: Message | undefined;
  /** When it came into the mailbox, as a count. */
  readonly order: number;
  /** Whether the actor put it aside instead of processing it. */
  readonly stashed: boolean;
}

/** What is left when everything was stopped. */
export interface Leftovers {
  /** Paths of the actors that live. */
  readonly actors: readonly string[];
  /** Timers that are armed. */
  readonly timers: number;
  /** Calls of ports that have not settled. */
  readonly calls: readonly string[];
  /** Listeners on `process` more than before the schedule. */
  readonly listeners: number;
}

/** What an oracle sees of a schedule. */
export interface ScheduleView<State = unknown> {
  /** What `setup` returned; the oracles of the scenario begin before it has. */
  readonly state: State;
  readonly system: ActorSystem;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** What clients have recorded by `call`. */
  readonly history: readonly HistoryEntry[];
  /** Calls back after each item that an actor has taken. */
  onProcessed(listener: (item: ProcessedItem) => void): void;
  /** What there is beyond the beginning. */
  leftovers(): Leftovers;
  /** Calls back with each actor before it starts. @internal */
  onCell(listener: (cell: Cell) => void): void;
}

/** What an oracle does during one schedule. Each method returns what is wrong, or undefined. */
export interface OracleWatch {
  /** After `setup` and after each step. */
  afterStep?(): string | undefined;
  /** When nothing is left to happen, or time is up. */
  atEnd?(end: ScheduleEnd): string | undefined;
  /** After everything was stopped. An oracle with this method makes the schedule stop its system. */
  afterStop?(): string | undefined;
}

/** Judges schedules. The same oracle judges many, so it keeps what it knows of one in the watch that it returns. */
export interface Oracle<State = never> {
  readonly name: string;
  /** Called at the beginning of each schedule. */
  watch(view: ScheduleView<State>): OracleWatch;
}
