import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './source-files.ts';

const page = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');

describe('docs/events.md', () => {
  it('backs at least 15 promises by titles of tests, each of which exists', () => {
    const tests = ['test', 'property-tests']
      .flatMap((folder) => filesBelow(folder))
      .filter((file) => /\.(test|prop)\.ts$/.test(file));
    const code = tests
      .filter((file) => !file.endsWith('docs-events.test.ts'))
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const titles = titlesOf(page);

    expect(titles.length).toBeGreaterThanOrEqual(15);
    expect(titles.filter((title) => !code.includes(`'${title}'`))).toEqual([]);
  });
});

// Helpers

/** The last cells of tables that have a column "test", and what stands behind "Test:". */
function titlesOf(markdown: string): string[] {
  const tables = markdown.split(/\n\n/).filter((block) => /^\|.*\| (test) \|$/m.test(block));
  const cells = tables.flatMap((table) => [...table.matchAll(/\| `([^`]+)` \|$/gm)]);
  return [...cells, ...markdown.matchAll(/^ *Test: `([^`]+)`/gm)].map(([, title = '']) => title);
}
