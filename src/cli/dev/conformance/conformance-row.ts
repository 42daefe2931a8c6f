import { isRuntimeError } from '../../../errors/index.ts';
import type { Host, Manifest, Plugin } from '../../../host/index.ts';
import type { Clock } from '../../../ports/index.ts';

/** What came of one row. A warning is nothing that a host stumbles over. */
export type RowVerdict = 'passed' | 'failed' | 'warning' | 'skipped';

/** One thing that a plugin has to do, and whether it does. */
export interface ConformanceRow {
  /** Such as `starts`; stable, for programs. */
  readonly id: string;
  readonly verdict: RowVerdict;
  /** One line; empty when there is nothing to say. */
  readonly detail: string;
  readonly durationMs: number;
  /** Of a row that failed as the plugin ended: the last lines that it wrote on standard error. */
  readonly stderr?: readonly string[];
}

/** All rows of one plugin. */
export interface ConformanceReport {
  readonly plugin: string;
  readonly version: string;
  /** No row failed. */
  readonly isConforming: boolean;
  readonly rows: readonly ConformanceRow[];
}

/** What a row says about itself; a text alone is the detail of one that passed. */
export type RowResult = Pick<ConformanceRow, 'verdict' | 'detail' | 'stderr'> | string | undefined;

/** A check; what it throws makes its row fail. */
export type RowCheck = () => RowResult | Promise<RowResult>;

/** What a row that needs the plugin gets. */
export interface RunningPlugin {
  readonly host: Host;
  readonly plugin: Plugin;
  readonly manifest: Manifest;
  readonly clock: Clock;
  readonly execute: boolean;
}

/** A row: its name and its check. */
export type NamedRow = readonly [id: string, check: RowCheck];

const GONE = ['DEADLINE_EXCEEDED', 'UNAVAILABLE', 'UNIMPLEMENTED', 'KIND_MISSING', 'CANCELLED', 'PLUGIN_STOPPED'];

/** Whether an error says that the plugin answered, and did not like what it was asked. */
export function isAnswer(error: unknown): boolean {
  return isRuntimeError(error) && !GONE.includes(error.code) && !error.code.startsWith('PLUGIN_CRASHED');
}
