import { describe, expect, it } from 'vitest';
import { prometheusText } from '../../../src/host/ops/prometheus.ts';

describe('prometheusText', () => {
  it('writes 2 metrics with their help, types, labels and values', () => {
    const text = prometheusText([
      { name: 'a_total', help: 'How many.', type: 'counter', samples: [{ value: 3 }] },
      {
        name: 'b',
        help: 'Which.',
        type: 'gauge',
        samples: [
          { labels: { x: '1', y: '2' }, value: 0.5 },
          { labels: { x: '2' }, value: 1 },
        ],
      },
    ]);

    expect(text).toBe(
      '# HELP a_total How many.\n# TYPE a_total counter\na_total 3\n' +
        '# HELP b Which.\n# TYPE b gauge\nb{x="1",y="2"} 0.5\nb{x="2"} 1\n',
    );
  });

  it('escapes quotes, backslashes and line breaks, and leaves out a metric without samples', () => {
    const text = prometheusText([
      {
        name: 'a',
        help: 'x\ny',
        type: 'gauge',
        samples: [{ labels: { l: 'q"\\\n' }, value: Number.POSITIVE_INFINITY }],
      },
      { name: 'b', help: '', type: 'gauge', samples: [] },
    ]);

    expect(text).toBe('# HELP a x\\ny\n# TYPE a gauge\na{l="q\\"\\\\\\n"} +Inf\n');
  });
});
