import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { blocksOf } from './readme-blocks.ts';
import { ROOT } from './source-files.ts';

const examples = blocksOf(readFileSync(join(ROOT, 'README.md'), 'utf8'));

describe('the programs in README.md', () => {
  it('run as at least 1 example', () => {
    expect(examples.length).toBeGreaterThanOrEqual(1);
  });

  it.each(examples)('run to their end as $example, and print what the page says', async ({ example, output }) => {
    const args = ['--conditions=source', join(ROOT, example, 'main.ts')];

    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 25_000 });

    expect(stdout).toBe(output ?? stdout);
  });
});
