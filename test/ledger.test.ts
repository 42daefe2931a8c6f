import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { problems, titlesIn } from './ledger-rules.ts';
import type { Ledger } from './ledger-rules.ts';
import { filesBelow, ROOT } from './source-files.ts';

describe('test/spec-ledger.yaml', () => {
  it('has every item of every list, each with a test that exists or a reason', { timeout: 60_000 }, () => {
    const ledger = parse(read('test/spec-ledger.yaml')) as Ledger;
    const files = [...filesBelow('test'), ...filesBelow('property-tests')];

    const titles = new Set(files.flatMap((file) => titlesIn(file, read(file))));

    expect(problems(ledger, titles)).toEqual([]);
  });
});

describe('problems', () => {
  const titles = new Set(['waits 5 s']);

  it('has nothing to say about a complete ledger', () => {
    const entries = [
      { id: 'a.1', rule: 'wait', tests: ['waits 5 s'] },
      { id: 'a.2', rule: 'fly', out: 'later' },
    ];

    expect(problems({ lists: { a: 2 }, entries }, titles)).toEqual([]);
  });

  it('names missing, foreign and doubled items', () => {
    const entry = { id: 'a.1', rule: 'wait', tests: ['waits 5 s'] };

    expect(problems({ lists: { a: 2 }, entries: [entry, entry, { ...entry, id: 'b.1' }] }, titles)).toEqual([
      'a.2 is missing',
      'b.1 belongs to no list',
      'a.1 stands there twice',
    ]);
  });

  it.each([
    [{ id: 'a.1', rule: 'wait', tests: ['waits 6 s'] }, 'a.1: no test is called "waits 6 s"'],
    [{ id: 'a.1', rule: 'wait', tests: [] }, 'a.1 names no test'],
    [{ id: 'a.1', rule: 'wait', out: '' }, 'a.1 gives no reason'],
    [{ id: 'a.1', rule: 'wait' }, 'a.1 needs either tests or a reason to be out'],
    [{ id: 'a.1', rule: '', out: 'later' }, 'a.1 does not say its rule'],
  ])('refuses %o', (entry, problem) => {
    expect(problems({ lists: { a: 1 }, entries: [entry] }, titles)).toEqual([problem]);
  });
});

describe('titlesIn', () => {
  it('finds plain titles, those of tables, and templates', () => {
    const text = "it('a', f); it.each([1])('b %s', f); test.prop([x])('c', f); it(`d ${e}`, f); describe('no', f);";

    expect(titlesIn('x.test.ts', text)).toEqual(['a', 'b %s', 'c', 'd ${e}']);
  });
});

// Helpers

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
