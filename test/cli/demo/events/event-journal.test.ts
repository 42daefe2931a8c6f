import { describe, expect, it } from 'vitest';
import { countJournal } from '../../../../src/cli/demo/events/event-journal.ts';
import type { JournalCount } from '../../../../src/cli/demo/events/event-journal.ts';

const PUBLISHED = ['a', 'b', 'c', 'd'].map((id) => ({
  id,
  type: id === 'd' ? 'other.thing' : 'order.placed',
  source: 'demo',
}));
const CLEAN = { duplicatesWithinProcess: 0, redeliveredAfterCrash: 0, outOfOrder: 0, missing: 0, strange: 0 };

describe('countJournal', () => {
  it('counts 3 events of 1 process', () => {
    expect(count('a1 b1 c1')).toEqual({ lines: 3, events: 3, pids: [1], ...CLEAN });
  });

  it('counts what a second process got again', () => {
    expect(count('a1 b1 b2 c2')).toEqual({ lines: 4, events: 3, pids: [1, 2], ...CLEAN, redeliveredAfterCrash: 1 });
  });

  it('counts what a process handled twice', () => {
    expect(count('a1 b1 b1 c1')).toMatchObject({ ...CLEAN, duplicatesWithinProcess: 1 });
  });

  it('counts what came after a later one, in each process for itself', () => {
    expect(count('a1 c1 b1')).toMatchObject({ ...CLEAN, outOfOrder: 1 });
    expect(count('a1 b1 c1 a2 b2 c2')).toMatchObject({ ...CLEAN, redeliveredAfterCrash: 3 });
  });

  it('counts what did not come', () => {
    expect(count('a1 c1')).toMatchObject({ ...CLEAN, missing: 1 });
  });

  it('counts what should not have come, and a gap in the numbers of a process', () => {
    expect(count('a1 d1 b1 c1')).toMatchObject({ ...CLEAN, strange: 1 });
    const lines = [{ id: 'a', pid: 1, number: 2 }];
    expect(countJournal({ subscribe: ['order.*'] }, PUBLISHED, lines)).toMatchObject({ strange: 1, missing: 2 });
  });
});

// Helpers

/** What a journal comes to in which each word is an id with a process. */
function count(words: string): JournalCount {
  const numbers = new Map<number, number>();
  const lines = words.split(' ').map((word) => {
    const pid = Number(word.slice(1));
    const number = (numbers.get(pid) ?? 0) + 1;
    numbers.set(pid, number);
    return { id: word.slice(0, 1), pid, number };
  });
  return countJournal({ subscribe: ['order.*'] }, PUBLISHED, lines);
}
