import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { parseFile, ROOT, visit } from './source-files.ts';

const ENTRIES = Object.entries(packageJson.exports).flatMap(([door, target]) =>
  typeof target === 'string' ? [] : [{ door, source: target.source }],
);

// The lists are the promise of the package: a changed line needs a line in CHANGELOG.md. `npm run api` rewrites them.
describe('the public names', () => {
  it.each(ENTRIES)('of "$door" are those on its list', async ({ door, source }) => {
    const module = (await import(join(ROOT, source))) as object;

    const lines = [...Object.keys(module).sort(), ...typesOf(source).map((name) => `type ${name}`)];

    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`api/${nameOf(door)}.txt`);
  });

  it.each(ENTRIES)('of "$door" come from an index that only lists names', ({ source }) => {
    const other: string[] = [];
    const note = ({ type }: { readonly type: string }): void => void other.push(type);
    visit(source, textOf(source), { VariableDeclaration: note, FunctionDeclaration: note, ClassDeclaration: note });

    expect(other).toEqual([]);
  });
});

// Helpers

/** The exported types of an index, which are gone at run time. */
function typesOf(source: string): string[] {
  const { imports } = parseFile(source.slice(2), textOf(source));
  return imports
    .filter(({ typeOnly }) => typeOnly)
    .flatMap(({ names }) => names)
    .sort();
}

function textOf(source: string): string {
  return readFileSync(join(ROOT, source), 'utf8');
}

function nameOf(door: string): string {
  return door === '.' ? 'index' : door.slice(2);
}
