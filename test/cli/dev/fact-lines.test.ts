import { describe, expect, it } from 'vitest';
import { factLines, tailLines } from '../../../src/cli/dev/fact-lines.ts';
import { styleFor } from '../../../src/cli/style.ts';
import type { Style } from '../../../src/cli/style.ts';
import type { DevLoopFact, LogTailFact } from '../../../src/machines/index.ts';

const PLAIN: Style = (_, text) => text;
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe('tailLines', () => {
  it('prints 2 entries with time and level, without what a terminal would obey', () => {
    const entries = [
      { at: AT, level: 'info', message: 'all is well' },
      { at: AT, level: 'error', message: 'two lines \u001b[31mred' },
    ];

    expect(tailLines(read(entries), PLAIN)).toEqual({
      out: '2026-01-02T03:04:05.678Z info  all is well\n2026-01-02T03:04:05.678Z error two lines red\n',
    });
  });

  it('prints a line as it is that is no JSON, and one that is', () => {
    const entries = ['{"half', '{"level":"info"}'].map((message) => ({ at: AT, level: 'info', message }));

    expect(tailLines(read(entries), PLAIN).out).toContain('info  {"half\n');
    expect(tailLines(read(entries), PLAIN).out).toContain('info  {"level":"info"}\n');
  });

  it('says that 3 lines were lost before the next one', () => {
    expect(tailLines(read([{ at: AT, level: 'info', message: 'a' }], 3), PLAIN).out).toBe(
      '… 3 lines were lost\n2026-01-02T03:04:05.678Z info  a\n',
    );
  });

  it('has colours on a terminal only, and none with NO_COLOR', () => {
    const line = (style: Style): string | undefined =>
      tailLines(read([{ at: AT, level: 'info', message: 'a' }]), style).out;

    const terminal = line(styleFor({ isTTY: true }, {}));
    const others = [styleFor({ isTTY: false }, {}), styleFor({ isTTY: true }, { NO_COLOR: '1' })].map(line);

    expect(terminal).toContain('\u001b[2m2026-01-02T03:04:05.678Z');
    expect(others).toEqual(Array(2).fill('2026-01-02T03:04:05.678Z info  a\n'));
  });
});

describe('factLines', () => {
  it.each<[string, boolean, readonly string[], readonly string[], string]>([
    ['= on the first build', true, ['net:a', 'worker'], [], 'permissions:\n  = net:a\n  = worker\n'],
    ['+ and - later', false, ['net:b'], ['net:a'], 'permissions:\n  + net:b\n  - net:a\n'],
    ['nothing when nothing has changed', false, [], [], ''],
  ])('print permissions with %s', (_, isFirst, added, removed, out) => {
    const change = { isKnown: !isFirst, all: added, added, removed, sensitive: [] };
    const fact = { type: 'permissions.compared', change, isFirst } as unknown as DevLoopFact;

    expect(factLines(fact, PLAIN, true)).toEqual({ out });
  });
});

// Helpers

function read(entries: readonly { at: number; level: string; message: string }[], lost = 0): LogTailFact {
  return { type: 'logs.read', page: { entries, cursor: 'next', lost } };
}
