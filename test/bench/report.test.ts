import { describe, expect, it } from 'vitest';
import { parseAims } from '../../bench/harness/aims.ts';
import type { Measurement } from '../../bench/harness/measurement.ts';
import { formatList, formatResults, formatVerdicts, judge } from '../../bench/harness/report.ts';
import { formatNumber, formatTable } from '../../bench/harness/table.ts';

const measured: Measurement = {
  bench: 'rpc',
  metric: 'rpc.x',
  value: 1_234.5,
  unit: 'calls/s',
  peer: 'raw',
  peerValue: 2_000,
  ratio: 0.617,
  interval: [0.6, 0.7],
};
const skipped = { bench: 'rpc', metric: 'rpc.y', reason: 'no Go' };

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, numbers to the right', () => {
    const rows = [
      ['long name', '1'],
      ['x', '1,000'],
    ];

    expect(formatTable(['name', 'n'], rows).split('\n')).toEqual([
      'name           n',
      '---------  -----',
      'long name      1',
      'x          1,000',
    ]);
  });
});

describe('formatNumber', () => {
  it.each([
    [1_234_567.8, '1,234,568'],
    [12.345, '12.3'],
    [1.234, '1.23'],
    [-0.5, '-0.50'],
  ])('%d is shown as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe('formatResults', () => {
  it('shows a measurement and says why a metric was skipped', () => {
    const text = formatResults({ measured: [measured], skipped: [skipped] });

    expect(text).toMatch(/rpc\.x\s+1,235\s+calls\/s\s+2,000\s+0\.617\s+0\.600 – 0\.700\s+raw/);
    expect(text).toContain('skipped rpc.y: no Go');
  });
});

describe('judge', () => {
  const aims = parseAims('{"rpc.x": {"aim": ">= 0.95"}, "rpc.y": {"aim": ">= 0.95"}}');

  it('tells a missed aim and one that could not be measured', () => {
    const lines = judge(aims, { measured: [measured], skipped: [skipped] });

    expect(lines.map(({ metric, verdict }) => [metric, verdict])).toEqual([
      ['rpc.x', 'missed'],
      ['rpc.y', 'not measured: no Go'],
    ]);
    expect(formatVerdicts(lines)).toMatch(/rpc\.x\s+>= 0\.95\s+0\.617\s+0\.600 – 0\.700\s+missed/);
  });

  it('has nothing to say on metrics without an aim', () => {
    const other = { ...measured, metric: 'rpc.z' };

    expect(judge(aims, { measured: [other], skipped: [{ ...skipped, metric: 'rpc.w' }] })).toEqual([]);
  });
});

describe('formatList', () => {
  it('marks what a quick run measures', () => {
    const metrics = { 'a.quick': 'one', 'a.slow': 'two', 'a.plain': 'three' };
    const aims = parseAims('{"a.quick": {"aim": ">= 1"}, "a.slow": {"aim": ">= 1", "fullOnly": "slow"}}');

    const text = formatList([{ name: 'a', summary: 'all about a', metrics, run: async () => {} }], aims);

    expect(text).toContain('a: all about a');
    expect(text).toMatch(/a\.quick\s+>= 1\s+quick\s+one/);
    expect(text).toMatch(/a\.slow\s+>= 1\s+full\s+two/);
    expect(text).toMatch(/a\.plain\s+full\s+three/);
  });
});
