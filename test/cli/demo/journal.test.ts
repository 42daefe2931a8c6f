import { describe, expect, it } from 'vitest';
import { checkJournal } from '../../../src/cli/demo/journal.ts';

describe('checkJournal', () => {
  it('accepts 2 answered jobs, and a third that was done though its call failed', () => {
    const journal = { jobs: ['a-1', 'a-2', 'a-3'], pids: [1] };

    expect(checkJournal('a', journal, { answered: ['a-1', 'a-2'], failed: 1 })).toEqual([]);
  });

  it('finds an answered job that is missing', () => {
    expect(checkJournal('a', { jobs: [], pids: [] }, { answered: ['a-1'], failed: 0 })).toEqual([
      'job a-1 was answered and is 0 times in the journal of "a"',
    ]);
  });

  it('finds an answered job that was done 2 times', () => {
    expect(checkJournal('a', { jobs: ['a-1', 'a-1'], pids: [1] }, { answered: ['a-1'], failed: 1 })).toEqual([
      'job a-1 was answered and is 2 times in the journal of "a"',
    ]);
  });

  it('finds more jobs than there were calls', () => {
    expect(checkJournal('a', { jobs: ['a-1', 'a-2'], pids: [1] }, { answered: ['a-1'], failed: 0 })).toEqual([
      'the journal of "a" has 2 jobs of 1 calls',
    ]);
  });
});
