import { describe, expect, it } from 'vitest';
import type { LifecycleStore } from '../../src/ports/lifecycle-store.ts';
import { testScale } from '../setup/size.ts';
import { startFixture } from './processes.ts';
import type { TestProcess } from './processes.ts';
import { entriesOf, install, upTo } from './support.ts';

/** A store that other processes can open, too. */
export interface SharedSubject {
  /** For the writer process. */
  readonly where: object;
  open(): Promise<LifecycleStore>;
}

const { factor } = testScale();
const LIMIT_MS = 60_000;

/** Several processes on one database. */
export function processContract(name: string, subject: () => Promise<SharedSubject>): void {
  describe(`${name} with several processes`, () => {
    it(
      'has one linear history of 2 processes that race for a row, with each commit that was told in it',
      async () => {
        const { store, where } = await begun(subject);
        const count = 40 * factor;

        const writers = ['left', 'right'].map((one) => startFixture('writer-process', argsOf(where, one, count)));
        const ends = await Promise.all(writers.map((writer) => writer.ended()));

        expect(ends).toEqual(ends.map(() => ({ code: 0, signal: null, errors: '' })));
        expect(await expectHistory(store, writers)).toBe(2 * count + 1);
      },
      LIMIT_MS,
    );

    it(
      'has lost no commit that 2 killed processes had told, and no half of one',
      async () => {
        const { store, where } = await begun(subject);
        for (const round of upTo(2 * factor)) {
          const names = [`left${round}`, `right${round}`];
          const writers = names.map((one) => startFixture('writer-process', argsOf(where, one, 1_000_000)));

          await Promise.all(writers.map((writer) => writer.said(5 + 7 * round)));
          for (const { child } of writers) child.kill('SIGKILL');
          const ends = await Promise.all(writers.map((writer) => writer.ended()));

          expect(ends.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
          await expectHistory(store, writers);
        }
      },
      LIMIT_MS * factor,
    );
  });
}

// Helpers

async function begun(
  subject: () => Promise<SharedSubject>,
): Promise<{ readonly store: LifecycleStore; readonly where: object }> {
  const { open, where } = await subject();
  const store = await open();
  await install(store, 'kv');
  return { store, where };
}

function argsOf(where: object, name: string, count: number): string[] {
  return [JSON.stringify(where), 'kv', name, String(count)];
}

/** The row counts the entries, these have no gap, and everything that was told is among them once. Says how many. */
async function expectHistory(store: LifecycleStore, writers: readonly TestProcess[]): Promise<number> {
  const entries = await entriesOf(store, 'kv');
  const ids = entries.map(({ commitId }) => commitId);

  expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(entries.length));
  expect((await store.get('kv'))?.rowVersion).toBe(entries.length);
  const known = new Set(ids);
  expect(known.size).toBe(ids.length);
  for (const writer of writers) expect([...writer.lines()].filter((told) => !known.has(told))).toEqual([]);
  return entries.length;
}
