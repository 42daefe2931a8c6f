import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { mergeChild } from '../../tools/coverage.ts';
import type { CoverageMap, ScriptCoverage } from '../../tools/coverage.ts';

const FILE = new URL('../../src/errors/runtime-error.ts', import.meta.url);

it('finds what a child process ran by offsets into the unchanged source', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'troupe-coverage-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const source = await readFile(FILE, 'utf8');
  const map = recordOf(source, ['if (reason instanceof Error)', 'return new RuntimeError(code', 'return CODES[']);

  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program()], {
    env: { ...process.env, NODE_V8_COVERAGE: directory },
  });
  for (const name of await readdir(directory)) mergeChild(map, await readScripts(join(directory, name)), () => source);

  expect(map[FILE.pathname]?.s).toEqual({ 0: 1, 1: 1, 2: 0 });
});

// Helpers

/** Turns an ordinary error into one of ours, and asks for nothing else: the getter `retryable` stays uncovered. */
function program(): string {
  return `import { RuntimeError } from ${JSON.stringify(FILE.href)}; RuntimeError.from(new Error('x'));`;
}

function recordOf(source: string, marks: readonly string[]): CoverageMap {
  const places = marks.map((mark) => {
    const before = source.slice(0, source.indexOf(mark));
    const start = { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') - 1 };
    return { start, end: start };
  });
  const path = FILE.pathname;
  const s = Object.fromEntries(marks.map((_, id) => [id, 0]));
  return { [path]: { path, statementMap: Object.fromEntries(places.entries()), s } };
}

async function readScripts(path: string): Promise<ScriptCoverage[]> {
  const { result } = JSON.parse(await readFile(path, 'utf8')) as { result: ScriptCoverage[] };
  return result.filter(({ url }) => url.startsWith(pathToFileURL('/').href));
}
