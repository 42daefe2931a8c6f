import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './source-files.ts';

/** Pages that back what they say by titles of tests, and how many they name at least. */
const PAGES: Readonly<Record<string, number>> = {
  'docs/events.md': 15,
  'docs/lifecycle.md': 25,
  'docs/replacing.md': 20,
};

const code = ['test', 'property-tests']
  .flatMap((folder) => filesBelow(folder))
  .filter((file) => /\.(test|prop)\.ts$/.test(file))
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n');

describe('a page of the documentation', () => {
  it.each(Object.entries(PAGES))('%s names at least %d tests, each of which exists', (file, least) => {
    const titles = titlesOf(readFileSync(join(ROOT, file), 'utf8'));

    expect(titles.length).toBeGreaterThanOrEqual(least);
    expect(titles.filter((title) => !isTitle(title))).toEqual([]);
  });

  it.each(filesBelow('docs', '.md').filter((file) => !(file in PAGES)))(
    '%s names no test, or is looked up here',
    (file) => {
      expect(titlesOf(readFileSync(join(ROOT, file), 'utf8'))).toEqual([]);
    },
  );
});

// Helpers

/** The last cells of tables whose last column is "test", and what stands behind "Test:". */
function titlesOf(markdown: string): readonly string[] {
  const tables = markdown.split(/\n\n/).filter((block) => /^\|.*\| test \|$/m.test(block));
  const cells = tables.flatMap((table) => [...table.matchAll(/\| `([^`]+)` \|$/gm)]);
  return [...cells, ...markdown.matchAll(/^ *Test: `([^`]+)`/gm)].map(([, title = '']) => title);
}

function isTitle(title: string): boolean {
  return [`'${title}'`, `\`${title}\``, `"${title}"`].some((quoted) => code.includes(quoted));
}
