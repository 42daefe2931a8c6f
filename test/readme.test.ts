import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, codeOf } from './readme-blocks.ts';
import { filesBelow, ROOT } from './source-files.ts';

const pages = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('README.md', () => {
  it('exists, and is among the pages', () => {
    expect(pages).toContain('README.md');
  });

  it('has at most 200 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(200);
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name ?? '');

    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('shows programs that stand in an example, line by line', () => {
    for (const { example, programs } of blocksOf(read('README.md'))) {
      const files = filesBelow(example === '' ? 'examples' : example).map((file) => codeOf(read(file)));
      const strangers = programs.filter((program) => !files.some((file) => file.includes(codeOf(program))));

      expect(strangers, `programs of ${example || 'no example'}`).toEqual([]);
    }
  });
});

describe('every page', () => {
  it.each(pages)('%s links only to files that exist', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const files = links.filter((link) => !/^([a-z]+:|#)/.test(link)).map((link) => link.replace(/#.*$/, ''));

    expect(files.filter((file) => !existsSync(join(ROOT, dirname(page), file)))).toEqual([]);
  });
});

// Helpers

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}
