import { chmodSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ignoredIn } from '../../../../src/cli/dev/watch/ignored.ts';
import { watchSources } from '../../../../src/cli/dev/watch/watch-sources.ts';
import { createRealClock } from '../../../../src/ports/index.ts';
import { waitFor } from '../../../transport/process/support.ts';
import { temporaryDirectory } from '../../support.ts';

// Short, so that a burst ends soon.
const QUIET_MS = 30;

describe('watchSources', () => {
  it.each<[string, (directory: string) => void]>([
    ['a file that is written', (directory) => writeFileSync(join(directory, 'plugin.ts'), '2')],
    ['a file that is removed', (directory) => rmSync(join(directory, 'plugin.ts'))],
    [
      'a file in a directory that is new',
      (directory) => {
        mkdirSync(join(directory, 'new/deep'), { recursive: true });
        writeFileSync(join(directory, 'new/deep/x.ts'), '1');
      },
    ],
    [
      'a save by a temporary file and a rename',
      (directory) => {
        writeFileSync(join(directory, 'plugin.ts.tmp'), '2');
        renameSync(join(directory, 'plugin.ts.tmp'), join(directory, 'plugin.ts'));
      },
    ],
  ])('tells %s', async (_, change) => {
    const { directory, seen } = await start();

    change(directory);

    await waitFor('a change', () => seen.changes > 0);
    expect(seen.changes).toBeGreaterThan(0);
  });

  it('tells nothing of temporary files, own output, ignored directories and rights', async () => {
    const { directory, seen } = await start();

    for (const name of ['4913', '.plugin.ts.swp', 'plugin.ts~', 'x.tmp']) writeFileSync(join(directory, name), '1');
    for (const name of ['dist', 'node_modules', 'deep/build']) {
      mkdirSync(join(directory, name), { recursive: true });
      writeFileSync(join(directory, name, 'x.js'), '1');
    }
    chmodSync(join(directory, 'plugin.ts'), 0o600);
    // What comes after all of that has been seen shows that it was passed over.
    writeFileSync(join(directory, 'last.ts'), '1');
    await waitFor('the last change', () => seen.changes > 0);

    expect(seen.changes).toBe(1);
  });

  it('tells nothing any more when it is closed', async () => {
    const { directory, seen, close } = await start();

    close();
    writeFileSync(join(directory, 'plugin.ts'), '2');
    utimesSync(join(directory, 'plugin.ts'), 1, 1);
    const other = await start();
    writeFileSync(join(other.directory, 'plugin.ts'), '2');
    await waitFor('the change of another watch', () => other.seen.changes > 0);

    expect(seen.changes).toBe(0);
  });
});

// Helpers

async function start(): Promise<{
  readonly directory: string;
  readonly seen: { changes: number };
  readonly close: () => void;
}> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'plugin.ts'), '1');
  const seen = { changes: 0 };
  const own = [join(directory, 'dist')];
  const watch = watchSources(
    { directory, isIgnored: ignoredIn({ directory, own }), clock: createRealClock(), quietMs: QUIET_MS },
    {
      changed: () => void (seen.changes += 1),
      troubled: () => {},
      failed: () => {},
    },
  );
  onTestFinished(() => watch.close());
  await watch.ready;
  return { directory, seen, close: () => watch.close() };
}
