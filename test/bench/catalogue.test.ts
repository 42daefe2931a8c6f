import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../bench/catalogue.ts';
import { parseAims } from '../../bench/harness/aims.ts';
import { requestsUntil, TEXT } from '../../bench/rpc/batches.ts';
import { GROUPS } from '../../bench/rpc/groups.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';

describe('the metrics of the benchmarks', () => {
  const metrics = BENCHMARKS.flatMap((benchmark) => Object.keys(benchmark.metrics));

  it('have names of their own', () => {
    expect(new Set(metrics).size).toBe(metrics.length);
  });

  it('include every metric of bench/aims.json', () => {
    const json = readFileSync(new URL('../../bench/aims.json', import.meta.url), 'utf8');

    expect([...parseAims(json).keys()].filter((metric) => !metrics.includes(metric))).toEqual([]);
  });

  it('start with the group whose cells are the headline', () => {
    expect(GROUPS[0]?.prefix).toBe('rpc.ts');
  });
});

describe('a message of the rpc benchmark', () => {
  it('has 200 bytes', () => {
    expect(ProbeServiceService.upload.requestSerialize({ text: TEXT })).toHaveLength(200);
  });

  it('is sent 32 times before the sender looks at the clock', () => {
    expect([...requestsUntil(0)]).toHaveLength(32);
  });
});
