import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from '../../bench/harness/arguments.ts';

const KNOWN = ['rpc', 'startup'];

describe('parseArguments', () => {
  it('takes names and flags in any order, each name once', () => {
    expect(parseArguments(['--quick', 'startup', '--json', 'startup'], KNOWN)).toEqual({
      names: ['startup'],
      quick: true,
      json: true,
      check: false,
      list: false,
    });
  });

  it('stands for all benchmarks without a name', () => {
    expect(parseArguments(['--check'], KNOWN).names).toEqual(KNOWN);
  });

  it('names the benchmarks that there are when one is unknown', () => {
    expect(() => parseArguments(['rpc', 'rcp'], KNOWN)).toThrow(
      new UsageError('there is no benchmark "rcp"; there are: rpc, startup'),
    );
  });

  it('shows the usage for an unknown flag', () => {
    expect(() => parseArguments(['--fast'], KNOWN)).toThrow(/--fast[^]*usage: npm run -s bench/);
  });
});
