import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aliveOf } from '../../../src/cli/demo/leaks.ts';
import { waitFor } from '../../transport/process/support.ts';

describe('aliveOf', () => {
  it('finds a process that runs among 2 and one that is gone', () => {
    const running = spawn('sleep', ['60']);
    onTestFinished(() => void running.kill('SIGKILL'));
    const gone = spawnSync('true');

    expect(aliveOf([running.pid ?? 0, gone.pid])).toEqual([running.pid]);
  });

  it.runIf(process.platform === 'linux')('counts no zombie', async () => {
    // The shell is replaced by a program that never collects its child.
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [data] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(data.toString());

    await waitFor('the child does not count', () => aliveOf([child]).length === 0);

    expect(existsSync(`/proc/${child}`)).toBe(true);
  });
});
