import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startNode } from '../cli/support.ts';
import type { Peer } from '../peers/peers.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { ROOT } from '../source-files.ts';

const FOLDER = join(ROOT, 'examples');
const examples = readdirSync(FOLDER).filter((name) => /^\d\d-/.test(name));
const MOST_LINES = 80;
/** The examples that use programs of others. */
const NEEDS: Readonly<Record<string, Peer>> = { '03-python-plugin': 'python', '07-go-plugin': 'go' };

describe('every example', () => {
  it.each(examples.filter((name) => NEEDS[name] === undefined))('%s prints what its README says', async (name) => {
    expect(await run(name)).toEqual({ code: 0, stdout: expectedOutput(name) });
  });

  it.each(examples)('%s imports the package by its name only', (name) => {
    const imported = filesOf(name)
      .flatMap((file) => [...file.matchAll(/^import .* from '([^']+)'|^} from '([^']+)'/gm)])
      .map(([, one, other]) => one ?? other ?? '');

    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((from) => !/^(node:[\w/]+|xstate|troupe|troupe\/\w+|\.\/[\w-]+\.ts)$/.test(from))).toEqual(
      [],
    );
  });

  it.each(examples)(`%s has a main.ts of at most ${MOST_LINES} lines`, (name) => {
    expect(readFileSync(join(FOLDER, name, 'main.ts'), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(MOST_LINES);
  });
});

describe.each(Object.entries(NEEDS))('the example %s', (name, peer) => {
  describeWithPeer(peer, `with its peer "${peer}"`, () => {
    it('prints what its README says', async () => {
      expect(await run(name)).toEqual({ code: 0, stdout: expectedOutput(name) });
    });
  });
});

describe('npm run example', () => {
  it('runs an example by its number', async () => {
    const { code, stdout } = await startNode(['--conditions=source', join(FOLDER, 'run.ts'), '1']).ended;

    expect({ code, stdout: mask(stdout) }).toEqual({ code: 0, stdout: expectedOutput('01-embed') });
  });

  it('lists the examples when the number is missing or unknown', async () => {
    const { code, stderr } = await startNode(['--conditions=source', join(FOLDER, 'run.ts'), '99']).ended;

    expect(code).toBe(2);
    expect(stderr).toContain(examples.map((name) => `  ${name}`).join('\n'));
  });
});

// Helpers

async function run(name: string): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const { code, stdout } = await startNode(['--conditions=source', join(FOLDER, name, 'main.ts')]).ended;
  return { code, stdout: mask(stdout) };
}

function filesOf(name: string): string[] {
  const files = readdirSync(join(FOLDER, name)).filter((file) => file.endsWith('.ts'));
  return files.map((file) => readFileSync(join(FOLDER, name, file), 'utf8'));
}

/** The block under the heading "Output". */
function expectedOutput(name: string): string {
  const readme = readFileSync(join(FOLDER, name, 'README.md'), 'utf8');
  return mask(/^## Output\n\n```text\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? 'no output in the README');
}

/** Without what is another one each time. */
function mask(text: string): string {
  return text.replace(/process \d+/g, 'process N').replace(/\d+ ms/g, 'N ms');
}
