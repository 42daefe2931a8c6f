import { describe, expect, it } from 'vitest';
import { rowText } from '../../../../src/cli/dev/conformance/run-conformance.ts';

describe('rowText', () => {
  it('is 1 line, and below it each line that a plugin wrote that does not start', () => {
    const row = { id: 'starts', verdict: 'failed', detail: '[PLUGIN_EXITED_EARLY] exited', durationMs: 1 } as const;

    expect(rowText({ ...row, stderr: ['', 'SyntaxError: no\u0007'] }, (_, text) => text)).toBe(
      'failed   starts                   [PLUGIN_EXITED_EARLY] exited\n  |\n  |  SyntaxError: no?\n',
    );
  });

  it('ends without spaces when there is nothing to say', () => {
    expect(rowText({ id: 'health', verdict: 'passed', detail: '', durationMs: 0 }, (_, text) => text)).toBe(
      'passed   health\n',
    );
  });
});
