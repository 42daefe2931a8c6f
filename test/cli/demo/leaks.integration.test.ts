import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
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
    // The shell is replaced by a program that never collects its child; the child ends when its input does, and not before.
    const script = 'cat <&3 >/dev/null & echo $!; exec sleep 60';
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [data] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
    const child = Number(data.toString());
    await waitFor('the shell is replaced', () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n');
    (parent.stdio[3] as Writable).end();

    await waitFor('the child does not count', () => aliveOf([child]).length === 0);

    expect(existsSync(`/proc/${child}`)).toBe(true);
  });
});
