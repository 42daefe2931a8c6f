import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAims } from '../../bench/harness/aims.ts';
import { CELLS } from '../../bench/startup/cells.ts';
import { requestsUntil, TEXT } from '../../bench/rpc/batches.ts';
import { GROUPS, RPC_METRICS } from '../../bench/rpc/groups.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';

describe('the metrics of the benchmarks', () => {
  const metrics = [...Object.keys(RPC_METRICS), ...CELLS.map(({ metric }) => metric)];

  it('have names of their own', () => {
    expect(new Set(metrics).size).toBe(metrics.length);
  });

  it('include every metric of bench/aims.json that starts with rpc or startup', () => {
    const json = readFileSync(new URL('../../bench/aims.json', import.meta.url), 'utf8');
    const aimed = [...parseAims(json).keys()].filter((metric) => /^(rpc|startup)\./.test(metric));

    expect(aimed.filter((metric) => !metrics.includes(metric))).toEqual([]);
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
