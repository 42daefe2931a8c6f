// What the plugins wrote down, held against what was published: nothing here asks the host.

import { existsSync, readFileSync } from 'node:fs';
import { compileGlobs, matchesAny } from '../../../policy/index.ts';
import { journalFile } from '../workspace.ts';
import type { EventRole } from './event-cast.ts';

/** Name of the journal of what was published, beside those of the plugins. */
export const PUBLISHED = 'published';

/** An event as it was published. */
export interface PublishedLine {
  readonly id: string;
  readonly type: string;
  readonly source: string;
}

/** An event that was handled. */
export interface HandledLine {
  readonly id: string;
  readonly pid: number;
  /** From 1, in the process. */
  readonly number: number;
}

/** What the journal of one plugin says. */
export interface JournalCount {
  /** Events that were handled, each time counted. */
  readonly lines: number;
  /** Different events among them. */
  readonly events: number;
  readonly pids: readonly number[];
  /** Events that a process handled again. */
  readonly duplicatesWithinProcess: number;
  /** Events that another process handled again. */
  readonly redeliveredAfterCrash: number;
  /** Events that a process handled after one that was published later. */
  readonly outOfOrder: number;
  /** Events that the plugin should have got and did not handle. */
  readonly missing: number;
  /** Lines about events that it should not have got, and lines that were lost between two others. */
  readonly strange: number;
}

/** What was published, in order. Empty when there is no such journal. */
export function readPublished(directory: string): readonly PublishedLine[] {
  return linesOf(directory, PUBLISHED).map(([id = '', type = '', source = '']) => ({ id, type, source }));
}

/** What a plugin handled, in order. */
export function readHandled(directory: string, plugin: string): readonly HandledLine[] {
  return linesOf(directory, plugin).map(([id = '', pid, number]) => ({ id, pid: Number(pid), number: Number(number) }));
}

/** Counts what a plugin handled of what was published. */
export function countJournal(
  { subscribe }: Pick<EventRole, 'subscribe'>,
  published: readonly PublishedLine[],
  handled: readonly HandledLine[],
): JournalCount {
  const globs = compileGlobs(subscribe);
  const wanted = published.filter(({ type }) => matchesAny(globs, type));
  const places = new Map(wanted.map(({ id }, place) => [id, place]));
  const seen = new Map<string, Set<number>>();
  const processes = new Map<number, { last: number; lines: number }>();
  let [duplicatesWithinProcess, redeliveredAfterCrash, outOfOrder, strange] = [0, 0, 0, 0];
  for (const { id, pid, number } of handled) {
    const place = places.get(id);
    const process = processes.get(pid) ?? { last: -1, lines: 0 };
    processes.set(pid, process);
    process.lines += 1;
    if (place === undefined || number !== process.lines) strange += 1;
    const pids = seen.get(id) ?? new Set();
    seen.set(id, pids);
    if (pids.has(pid)) duplicatesWithinProcess += 1;
    else if (pids.size > 0) redeliveredAfterCrash += 1;
    pids.add(pid);
    if (place === undefined) continue;
    if (place < process.last) outOfOrder += 1;
    process.last = Math.max(process.last, place);
  }
  return {
    lines: handled.length,
    events: seen.size,
    pids: [...processes.keys()],
    duplicatesWithinProcess,
    redeliveredAfterCrash,
    outOfOrder,
    missing: wanted.filter(({ id }) => !seen.has(id)).length,
    strange,
  };
}

function linesOf(directory: string, name: string): string[][] {
  const file = journalFile(directory, name);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  return lines.map((line) => line.split(' '));
}
