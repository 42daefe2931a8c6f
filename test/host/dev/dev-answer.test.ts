import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { answerError } from '../../../src/host/dev/dev-answer.ts';

describe('answerError', () => {
  it('has the last lines of a plugin that did not start, in no more than 600 bytes', () => {
    const stderrTail = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(90)} ${index}`);

    const { status, body } = answerError(
      new RuntimeError('PLUGIN_EXITED_EARLY', 'it ended', { details: { stderrTail } }),
    );

    const { stderr } = JSON.parse(String(body)) as { stderr: string[] };
    expect([status, stderr.at(-1), stderr.length]).toEqual([422, stderrTail.at(-1), 6]);
    expect(stderr).toEqual(stderrTail.slice(-6));
  });

  it.each(['ü', '"', '\u0007'])(
    'leaves the answer within the KiB that a client reads of it, whatever is in the lines: %j',
    (sign) => {
      const stderrTail = Array.from({ length: 100 }, () => sign.repeat(60));

      const { body } = answerError(new RuntimeError('PLUGIN_EXITED_EARLY', 'it ended', { details: { stderrTail } }));

      expect(Buffer.byteLength(String(body))).toBeLessThan(1024);
      expect(JSON.parse(String(body))).toMatchObject({ stderr: expect.arrayContaining([sign.repeat(60)]) });
    },
  );

  it('says nothing of a failure of the host itself', () => {
    const { status, body } = answerError(
      new RuntimeError('INTERNAL', 'a path', { details: { stderrTail: ['a secret'] } }),
    );

    expect(status).toBe(500);
    expect(JSON.parse(String(body))).toEqual({ code: 'INTERNAL', message: 'the host failed; its log says why' });
  });
});
