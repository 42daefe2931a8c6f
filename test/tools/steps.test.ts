import { describe, expect, it } from 'vitest';
import { runSteps } from '../../tools/steps.ts';
import type { Step, StepResult } from '../../tools/steps.ts';

describe('runSteps', () => {
  it('runs all steps although 1 fails, and names that one', async () => {
    const ran: string[] = [];

    const failed = await runSteps([step('a', ran), step('b', ran, false), step('c', ran)], 1, () => {});

    expect(ran).toEqual(['a', 'b', 'c']);
    expect(failed).toEqual(['b']);
  });

  it('runs at most 2 at once', async () => {
    let now = 0;
    let most = 0;
    const work = async (): Promise<StepResult> => {
      most = Math.max(most, (now += 1));
      await Promise.resolve();
      now -= 1;
      return { ok: true, output: '' };
    };

    await runSteps(
      ['a', 'b', 'c', 'd'].map((name) => ({ name, run: work })),
      2,
      () => {},
    );

    expect(most).toBe(2);
  });

  it('starts a step after those that it needs', async () => {
    const ran: string[] = [];

    await runSteps([{ ...step('late', ran), needs: ['early'] }, step('early', ran)], 2, () => {});

    expect(ran).toEqual(['early', 'late']);
  });

  it('fails a step whose need has failed, without running it', async () => {
    const ran: string[] = [];

    const failed = await runSteps([step('a', ran, false), { ...step('b', ran), needs: ['a'] }], 2, () => {});

    expect(ran).toEqual(['a']);
    expect(failed).toEqual(['a', 'b']);
  });

  it('prints the output of failing steps only', async () => {
    const lines: string[] = [];

    await runSteps([step('a', []), step('b', [], false)], 1, (line) => lines.push(line.replace(/\d+\.\d s/, '0 s')));

    expect(lines).toEqual(['ok   a            0 s', 'FAIL b            0 s', 'output of b']);
  });

  it('counts a step that throws as failed', async () => {
    const run = (): Promise<StepResult> => Promise.reject(new Error('broken'));

    expect(await runSteps([{ name: 'a', run }], 1, () => {})).toEqual(['a']);
  });

  it('refuses needs that can never be met', async () => {
    await expect(runSteps([{ ...step('a', []), needs: ['nobody'] }], 1, () => {})).rejects.toThrow('"a"');
  });
});

// Helpers

function step(name: string, ran: string[], ok = true): Step {
  return {
    name,
    run: () => {
      ran.push(name);
      return Promise.resolve({ ok, output: `output of ${name}` });
    },
  };
}
