import { InvalidOptionsError } from '../../errors/index.ts';
import type { SeatableDefinition } from '../../ports/plugin-seat.ts';
import type { PluginOutputChunk } from '../go-plugin/plugin-output.ts';
import type { ProcessPin } from '../go-plugin/process-start.ts';

/** A definition, or what makes one for each start of the plugin. */
export type DefinitionSource = SeatableDefinition | (() => SeatableDefinition | Promise<SeatableDefinition>);

/** What is put into a seat, and how it is spoken to. Everything is resolved; defaults are the host's. */
export interface SeatOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** Versions of the application protocol that the host speaks. */
  readonly versions: readonly number[];
  /** Given to the plugin before its first call; anything JSON can hold. */
  readonly config: unknown;
  /** Largest message that the host takes, in bytes. */
  readonly maxReceiveBytes: number;
  readonly startTimeoutMs: number;
  readonly healthTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly onOutput: ((chunk: PluginOutputChunk) => void) | undefined;
}

/** A module that calls `servePlugin`. */
export interface SeatModule {
  /** Absolute path of the file. */
  readonly path: string;
  /** What the files of the plugin must be; undefined: whatever they are. */
  readonly pin: ProcessPin | undefined;
}

/** Throws `InvalidOptionsError` when it is nothing that a seat can take. */
export function requireDefinition(source: unknown): DefinitionSource {
  if (typeof source === 'function' || isSeatable(source)) return source as DefinitionSource;
  throw new InvalidOptionsError('definition', 'must be what definePlugin returns, or a function that makes one');
}

/** Whether a value is a definition that a seat can take. */
export function isSeatable(value: unknown): value is SeatableDefinition {
  return typeof value === 'object' && value !== null && 'serveIn' in value && typeof value.serveIn === 'function';
}
