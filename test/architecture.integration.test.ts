import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderOf, ROOT } from './source-files.ts';

// Each costs a plugin tens of milliseconds at every start, and none is needed to serve a call.
const HEAVY = ['zod', 'pino', 'mnemonist', 'commander', 'kysely', 'xstate', 'yaml', '@peculiar', 'chokidar'];
const ENTRY = 'src/sdk/index.ts';

describe('importing the SDK', () => {
  let loaded: string[];

  beforeAll(async () => {
    expect(existsSync(join(ROOT, ENTRY)), `${ENTRY} exists`).toBe(true);
    loaded = await filesLoadedBy(ENTRY);
  });

  it('loads the entry file itself, so the list is not empty by accident', () => {
    expect(loaded).toContain(ENTRY);
  });

  it.each(HEAVY)('loads nothing of %s', (library) => {
    expect(loaded.filter((file) => file.startsWith(`node_modules/${library}/`))).toEqual([]);
  });

  it.each(['host', 'bus', 'registry', 'bridge', 'stores', 'cli', 'inspector', 'testing'])(
    'loads nothing of src/%s',
    (folder) => {
      expect(loaded.filter((file) => file.startsWith('src/') && folderOf(file) === folder)).toEqual([]);
    },
  );
});

// Helpers

/** The files that a fresh process loads for one import, by path below the top folder, `require`d ones included. */
async function filesLoadedBy(entry: string): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL(`../${entry}`, import.meta.url).href)});
    console.log(JSON.stringify(urls));
    process.exit(0);`;
  const args = ['--conditions=source', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 20_000 });
  const top = new URL('..', import.meta.url).href;
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '[]') as string[])
    .filter((url) => url.startsWith(top))
    .map((url) => url.slice(top.length));
}
