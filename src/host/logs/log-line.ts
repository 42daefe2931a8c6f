// Lines of logs as files have them: one JSON object a line, which begins with its place.

import { isLogLevel } from './log-record.ts';
import type { LogRecord } from './log-record.ts';
import type { QueuedRecord } from './log-queue.ts';

/** The line, with its line break. */
export function formatLine({ record, missedBefore }: QueuedRecord): string {
  const { cursor, previous, at, level, plugin, message, fieldsJson } = record;
  const head = JSON.stringify({ cursor, previous, at: new Date(at).toISOString(), level, plugin, message });
  const fields = fieldsJson === '' ? '' : `,"fields":${fieldsJson}`;
  const missed = missedBefore === 0 ? '' : `,"missedBefore":${missedBefore}`;
  return `${head.slice(0, -1)}${fields}${missed}}\n`;
}

/** What a line says; undefined for one that is none, such as the last one of a host that was killed. */
export function parseLine(text: string): QueuedRecord | undefined {
  const value = jsonOf(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { cursor, previous, at, level, plugin, message, fields, missedBefore } = value as Record<string, unknown>;
  const isLine = isPlace(cursor) && typeof level === 'string' && isLogLevel(level);
  if (!isLine || typeof plugin !== 'string' || typeof message !== 'string') return undefined;
  const record: LogRecord = {
    cursor,
    previous: isPlace(previous) ? previous : 0,
    at: typeof at === 'string' ? Date.parse(at) || 0 : 0,
    plugin,
    level,
    message,
    fieldsJson: fields === undefined ? '' : JSON.stringify(fields),
  };
  return { record, missedBefore: isPlace(missedBefore) ? missedBefore : 0 };
}

function isPlace(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
