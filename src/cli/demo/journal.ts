// What the plugins themselves say they did, to be held against what their callers counted.

import { existsSync, readFileSync } from 'node:fs';
import { journalFile } from './workspace.ts';

/** The journal of one plugin. */
export interface Journal {
  /** Ids of the jobs, in order. */
  readonly jobs: readonly string[];
  /** Processes that did jobs or crashed, without repetition. */
  readonly pids: readonly number[];
}

/** Reads the journal of a plugin; an empty one when the plugin wrote none. */
export function readJournal(directory: string, plugin: string): Journal {
  const file = journalFile(directory, plugin);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const entries = lines.map((line) => line.split(' '));
  return {
    jobs: entries.map(([id = '']) => id).filter((id) => id !== 'crash'),
    pids: [...new Set(entries.map(([, pid]) => Number(pid)))],
  };
}

/** What is wrong with a journal, one sentence each: every answered job is in it exactly once, and no unknown one. */
export function checkJournal(
  plugin: string,
  journal: Journal,
  calls: { readonly answered: readonly string[]; readonly failed: number },
): string[] {
  const counts = new Map<string, number>();
  for (const id of journal.jobs) counts.set(id, (counts.get(id) ?? 0) + 1);
  const wrong = calls.answered.filter((id) => counts.get(id) !== 1);
  const limit = calls.answered.length + calls.failed;
  return [
    ...wrong.map((id) => `job ${id} was answered and is ${counts.get(id) ?? 0} times in the journal of "${plugin}"`),
    ...(journal.jobs.length > limit
      ? [`the journal of "${plugin}" has ${journal.jobs.length} jobs of ${limit} calls`]
      : []),
  ];
}
