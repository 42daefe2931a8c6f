import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRealClock } from '../../../src/ports/index.ts';
import { PRIVATE_PREFIX, removeAbandonedDirectories } from '../../../src/transport/process/index.ts';
import { runUnprivileged } from './support.ts';

// Above the largest process id that Linux can be told to use.
const NOBODY = 4_194_305;
const clock = createRealClock();

describe('removeAbandonedDirectories', () => {
  it('removes a quiet directory whose host is gone, with all that is in it', async () => {
    const root = makeRoot();
    const path = makeDirectory(root, `troupe-${NOBODY}-abcDEF`);

    const removed = await removeAbandonedDirectories(clock, root);

    expect(removed).toEqual([path]);
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('removes folders of mode 0 without privileges', async () => {
    const root = makeRoot();

    expect(await runUnprivileged('closedAbandoned', root)).toEqual([join(root, `troupe-${NOBODY}-abcDEF`)]);
    expect(readdirSync(root)).toEqual([]);
  });

  it('leaves a directory whose host runs', async () => {
    const root = makeRoot();
    makeDirectory(root, `${PRIVATE_PREFIX}abcDEF`);

    expect(await removeAbandonedDirectories(clock, root)).toEqual([]);
  });

  it('leaves a directory that was changed within the last 60 s', async () => {
    const root = makeRoot();
    mkdirSync(join(root, `troupe-${NOBODY}-abcDEF`));

    expect(await removeAbandonedDirectories(clock, root)).toEqual([]);
  });

  it('leaves a directory with a socket that somebody serves', async () => {
    const root = makeRoot();
    const path = makeDirectory(root, `troupe-${NOBODY}-abcDEF`);
    const server = createServer().listen(join(path, 'plugin1'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    makeQuiet(path);

    expect(await removeAbandonedDirectories(clock, root)).toEqual([]);
  });

  it('leaves what has another name, and stands a root that does not exist', async () => {
    const root = makeRoot();
    makeDirectory(root, 'troupe-data');
    makeDirectory(root, `troupe-${NOBODY}-abcDEFG`);

    expect(await removeAbandonedDirectories(clock, root)).toEqual([]);
    expect(await removeAbandonedDirectories(clock, join(root, 'none'))).toEqual([]);
  });
});

// Helpers

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'sweep-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

function makeDirectory(root: string, name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  writeFileSync(join(path, 'plugin17'), '');
  makeQuiet(path);
  return path;
}

function makeQuiet(path: string): void {
  const long = (clock.now() - 3_600_000) / 1000;
  utimesSync(path, long, long);
}
