import { describe, expect, it } from 'vitest';
import { parseAims } from '../../bench/harness/aims.ts';
import { chooseMetrics } from '../../bench/harness/benchmark.ts';
import type { Benchmark } from '../../bench/harness/benchmark.ts';
import { interleave } from '../../bench/harness/interleave.ts';
import { runBenchmark } from '../../bench/harness/run-benchmark.ts';

const AIMS = parseAims('{"a.quick": {"aim": ">= 1"}, "a.slow": {"aim": ">= 1", "fullOnly": "takes 3 min"}}');
const NEVER = new AbortController().signal;
const METRICS = { 'a.quick': '', 'a.slow': '', 'a.plain': '' };

describe('chooseMetrics', () => {
  it('leaves out of a quick run what has no aim or is for full runs', () => {
    const { wanted, left } = chooseMetrics({ metrics: METRICS }, AIMS, true);

    expect([...wanted]).toEqual(['a.quick']);
    expect(Object.fromEntries(left)).toEqual({
      'a.slow': 'full runs only: takes 3 min',
      'a.plain': 'not a headline cell',
    });
  });

  it('leaves nothing out of a full run', () => {
    const { wanted, left } = chooseMetrics({ metrics: METRICS }, AIMS, false);

    expect([...wanted]).toEqual(Object.keys(METRICS));
    expect(left.size).toBe(0);
  });
});

describe('runBenchmark', () => {
  it('tells every metric, measured or skipped, once', async () => {
    const told = await tell(async ({ skip, isWanted }) => {
      if (isWanted('a.quick')) skip('a.quick', 'no peer');
    }, true);

    expect(told).toEqual(['a.quick: no peer', 'a.slow: full runs only: takes 3 min', 'a.plain: not a headline cell']);
  });

  it('fails a benchmark that forgets a metric', async () => {
    await expect(tell(async () => {}, true)).rejects.toThrow('benchmark "a" did not tell "a.quick"');
  });

  it('fails a benchmark that tells a metric twice', async () => {
    const twice: Benchmark['run'] = async ({ skip }) => {
      skip('a.quick', 'x');
      skip('a.quick', 'x');
    };

    await expect(tell(twice, true)).rejects.toThrow('benchmark "a" told "a.quick" unasked or twice');
  });
});

describe('interleave', () => {
  it('takes turns, and turns the order round in every other round', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);

    const series = await interleave({ a: measure('a'), b: measure('b') }, { rounds: 3, signal: NEVER });

    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(series).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
  });

  it('ends between two measurements when it is interrupted', async () => {
    const interrupt = new AbortController();
    let measured = 0;
    const measure = async (): Promise<number> => {
      measured += 1;
      if (measured === 3) interrupt.abort(new Error('enough'));
      return 0;
    };

    await expect(interleave({ a: measure, b: measure }, { rounds: 9, signal: interrupt.signal })).rejects.toThrow(
      'enough',
    );

    expect(measured).toBe(3);
  });
});

// Helpers

async function tell(run: Benchmark['run'], quick: boolean): Promise<string[]> {
  const told: string[] = [];
  await runBenchmark(
    { name: 'a', summary: '', metrics: METRICS, run },
    { aims: AIMS, quick, signal: NEVER },
    {
      measured: ({ metric }) => void told.push(metric),
      skipped: ({ metric, reason }) => void told.push(`${metric}: ${reason}`),
      progress: () => {},
    },
  );
  return told;
}
