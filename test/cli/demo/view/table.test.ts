import { describe, expect, it } from 'vitest';
import { tableLines } from '../../../../src/cli/demo/view/table.ts';
import type { PluginRow } from '../../../../src/cli/demo/view/view.ts';
import type { Style } from '../../../../src/cli/style.ts';

const plain: Style = (_, text) => text;
const rows: readonly PluginRow[] = [
  { name: 'steady', state: 'ready', pid: 4711, restarts: 0, startMs: 351.4, ok: 93, failed: 0 },
  { name: 'fragile', state: 'backingOff', pid: undefined, restarts: 1, startMs: undefined, ok: 7, failed: 24 },
];

describe('tableLines', () => {
  it('shows 7 columns where they fit', () => {
    expect(tableLines(rows, 80, plain)).toEqual([
      'plugin   state        process  restarts  started in  calls ok  failed',
      'steady   ready           4711         0      351 ms        93       0',
      'fragile  backingOff         -         1           -         7      24',
    ]);
  });

  it('leaves the least important columns out in 40 characters', () => {
    expect(tableLines(rows, 40, plain)).toEqual([
      'plugin   state        calls ok  failed',
      'steady   ready              93       0',
      'fragile  backingOff          7      24',
    ]);
  });

  it.each([10, 20, 30, 40, 50, 60, 70, 80])('never exceeds %i characters', (width) => {
    expect(tableLines(rows, width, plain).filter((line) => line.length > width)).toEqual([]);
  });

  it('colours the state without shifting what follows', () => {
    const [, line] = tableLines(rows, 80, (tone, text) => (tone === 'good' ? `<${text}>` : text));

    expect(line).toBe('steady   <ready>           4711         0      351 ms        93       0');
  });
});
