import { describe, expect, it } from 'vitest';
import { compareRounds, measurementLine, skippedLine } from '../../bench/harness/measurement.ts';
import { seededRandom } from '../../bench/harness/statistics.ts';

describe('compareRounds', () => {
  it('takes the median of the ratios of the rounds, not the ratio of the medians', () => {
    const rounds = [
      { own: 10, peer: 10 },
      { own: 20, peer: 10 },
      { own: 30, peer: 100 },
    ];

    const compared = compareRounds(rounds, seededRandom(1));

    expect(compared).toMatchObject({ value: 20, peerValue: 10, ratio: 1 });
  });

  it('takes the ratio that it is told to take', () => {
    const compared = compareRounds([{ own: 4, peer: 2 }], seededRandom(1), ({ own, peer }) => peer / own);

    expect(compared).toMatchObject({ ratio: 0.5, interval: [0.5, 0.5] });
  });
});

describe('measurementLine', () => {
  it('has the 8 fields in their order, with 5 digits', () => {
    const line = measurementLine({
      bench: 'rpc',
      metric: 'rpc.x',
      value: 123_456.789,
      unit: 'calls/s',
      peer: 'raw',
      peerValue: 2,
      ratio: 0.123_456_789,
      interval: [0.1, 0.2],
    });

    expect(line).toBe(
      '{"bench":"rpc","metric":"rpc.x","value":123460,"unit":"calls/s","peer":"raw","peerValue":2,"ratio":0.12346,"interval":[0.1,0.2]}',
    );
  });
});

describe('skippedLine', () => {
  it('has the same fields, empty, and the reason', () => {
    expect(JSON.parse(skippedLine({ bench: 'rpc', metric: 'rpc.x', reason: 'no Go' }))).toEqual({
      bench: 'rpc',
      metric: 'rpc.x',
      value: null,
      unit: null,
      peer: null,
      peerValue: null,
      ratio: null,
      interval: null,
      skipped: 'no Go',
    });
  });
});
