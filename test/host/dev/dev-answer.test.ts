import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { answerError } from '../../../src/host/dev/dev-answer.ts';

describe('answerError', () => {
  it('has the last lines of a plugin that did not start, in no more than 600 characters', () => {
    const stderrTail = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(90)} ${index}`);

    const { status, body } = answerError(
      new RuntimeError('PLUGIN_EXITED_EARLY', 'it ended', { details: { stderrTail } }),
    );

    const { stderr } = JSON.parse(String(body)) as { stderr: string[] };
    expect([status, stderr.at(-1), stderr.length]).toEqual([422, stderrTail.at(-1), 6]);
    expect(stderr).toEqual(stderrTail.slice(-6));
  });

  it('says nothing of a failure of the host itself', () => {
    const { status, body } = answerError(
      new RuntimeError('INTERNAL', 'a path', { details: { stderrTail: ['a secret'] } }),
    );

    expect(status).toBe(500);
    expect(JSON.parse(String(body))).toEqual({ code: 'INTERNAL', message: 'the host failed; its log says why' });
  });
});
