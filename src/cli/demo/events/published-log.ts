import { writeFileSync } from 'node:fs';
import type { EventLog } from '../../../ports/index.ts';
import { journalFile } from '../workspace.ts';
import { PUBLISHED } from './event-journal.ts';

/** The log behind the bus of the demo: a journal of everything that was published, in order. */
export interface PublishedLog extends EventLog {
  /** How many events of a source it has; of all without one. */
  count(source?: string): number;
  /** Writes the journal. */
  write(directory: string): void;
}

/** Creates an empty log. */
export function createPublishedLog(): PublishedLog {
  const lines: string[] = [];
  const counts = new Map<string, number>();
  return {
    append: async ({ id, type, source }) => {
      lines.push(`${id} ${type} ${source}\n`);
      counts.set(source, (counts.get(source) ?? 0) + 1);
    },
    count: (source) => (source === undefined ? lines.length : (counts.get(source) ?? 0)),
    write: (directory) => writeFileSync(journalFile(directory, PUBLISHED), lines.join('')),
  };
}
