// What a durable actor stores, as text.
//
// Invariants:
//   R1. Only plain data is stored: what JSON would change or drop without a word is refused, with its path.
//   R2. What cannot be read, or comes from a newer version, is refused before anything is written over it.

import { RuntimeError } from '../../errors/index.ts';
import type { TimerRule } from '../core/body/behavior.ts';
import { requirePlain } from './plain-data.ts';
import { RESUMES } from './persist-options.ts';
import type { PersistPolicy } from './persist-options.ts';

/** When timers that were armed fire after the actor was started again. */
export type TimerResume = 'deadline' | 'remaining' | 'restart';

/** A timer that was armed. */
export interface StoredTimer {
  /** Its name; XState's id of the delayed event for a chart. */
  readonly name: string;
  /** The message, or the chart's event, that it brings. */
  readonly message: unknown;
  /** When it fires, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** Milliseconds that it was armed for. */
  readonly delayMs: number;
  /** How a behaviour's timer fires. */
  readonly rule?: TimerRule | undefined;
  /** Which of a chart's actors armed it: ids from the chart downwards. */
  readonly source?: readonly string[] | undefined;
  /** Which of a chart's actors it is for. */
  readonly target?: readonly string[] | undefined;
}

/** What `migrate` sees and gives. */
export interface DurableRecord {
  /** XState's persisted snapshot, or the state of a behaviour. */
  readonly state: unknown;
  readonly timers: readonly StoredTimer[];
}

/** Everything that is stored. */
export interface StoredRecord extends DurableRecord {
  readonly version: number;
  readonly resume: TimerResume;
  readonly savedAt: number;
  /** What a behaviour came to. */
  readonly done?: { readonly output?: unknown } | undefined;
}

const REPEATS: readonly unknown[] = ['fixedRate', 'fixedDelay', undefined] satisfies TimerRule['repeat'][];

/** Version of this form of storing. */
const FORMAT = 1;

/** How a state that is undefined is told from one that is null. */
const STATELESS = { state: null, stateless: true };

/** What a claim stores where nothing was stored before. */
export const EMPTY_DATA = JSON.stringify({ format: FORMAT, empty: true });

/** @throws SNAPSHOT_INVALID when the record holds something that cannot be stored */
export function encodeRecord(record: StoredRecord): string {
  requirePlain(record.state, 'state');
  requirePlain(record.timers, 'timers');
  requirePlain(record.done, 'done');
  // JSON has no word for a state that is undefined.
  return JSON.stringify({ format: FORMAT, ...record, ...(record.state === undefined && STATELESS) });
}

/**
 * Reads what was stored, and brings it to the present version. Undefined when nothing was stored but a claim.
 *
 * @throws SNAPSHOT_INVALID; SNAPSHOT_TOO_NEW; MIGRATION_FAILED
 */
export function decodeRecord(
  data: string,
  { key, version, migrate }: Pick<PersistPolicy, 'key' | 'version' | 'migrate'>,
): StoredRecord | undefined {
  const record = parse(key, data);
  if (record.format > FORMAT) throw tooNew(key, `format ${record.format}`, `format ${FORMAT}`);
  if (record.empty === true) return undefined;
  if (record.stateless === true) Object.assign(record, { state: undefined });
  requireRecord(key, record);
  if (record.version > version) throw tooNew(key, `version ${record.version}`, `version ${version}`);
  if (record.version === version) return record;
  if (migrate === undefined) {
    throw new RuntimeError('MIGRATION_FAILED', `${about(key)} is of version ${record.version} and nothing migrates it`);
  }
  try {
    const { state, timers } = migrate({ state: record.state, timers: record.timers }, record.version);
    const migrated = { ...record, state, timers };
    requireRecord(key, migrated);
    return migrated;
  } catch (cause) {
    const text = `${about(key)} cannot be brought from version ${record.version} to ${version}`;
    throw new RuntimeError('MIGRATION_FAILED', text, { cause });
  }
}

type Parsed = { readonly format: number; readonly empty?: unknown; readonly stateless?: unknown };

function parse(key: string, data: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new RuntimeError('SNAPSHOT_INVALID', `${about(key)} is not JSON`, { cause });
  }
  if (typeof value === 'object' && value !== null && 'format' in value && typeof value.format === 'number') {
    return value as Parsed;
  }
  throw new RuntimeError('SNAPSHOT_INVALID', `${about(key)} is no record of a durable actor`);
}

function requireRecord(key: string, value: object): asserts value is StoredRecord {
  const { version, savedAt, timers, resume } = value as Partial<StoredRecord>;
  const isWhole =
    Number.isSafeInteger(version) && Number.isFinite(savedAt) && Array.isArray(timers) && 'state' in value;
  if (!isWhole || resume === undefined || !RESUMES.includes(resume)) {
    throw new RuntimeError('SNAPSHOT_INVALID', `${about(key)} lacks parts of a record`);
  }
  const strange = timers.findIndex((timer) => !isTimer(timer));
  if (strange >= 0) throw new RuntimeError('SNAPSHOT_INVALID', `${about(key)} has no timer at timers[${strange}]`);
}

function isTimer(value: unknown): value is StoredTimer {
  if (typeof value !== 'object' || value === null) return false;
  const { name, message, dueAt, delayMs, rule, source, target } = value as Partial<StoredTimer>;
  const isArmed = typeof name === 'string' && Number.isFinite(dueAt) && isDelay(delayMs);
  const isMessage = typeof message === 'object' && message !== null && 'type' in message;
  return isArmed && isMessage && typeof message.type === 'string' && isRule(rule) && [source, target].every(isPath);
}

function isDelay(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}

function isRule(value: TimerRule | null | undefined): boolean {
  if (value === undefined) return true;
  return typeof value === 'object' && value !== null && isDelay(value.afterMs) && REPEATS.includes(value.repeat);
}

function isPath(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((id) => typeof id === 'string'));
}

function tooNew(key: string, found: string, known: string): RuntimeError {
  return new RuntimeError('SNAPSHOT_TOO_NEW', `${about(key)} is of ${found}, and only ${known} is known here`);
}

function about(key: string): string {
  return `what is stored under "${key}"`;
}
