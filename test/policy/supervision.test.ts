import { describe, expect, it } from 'vitest';
import { affected, resolveSupervision, restarts } from '../../src/policy/index.ts';
import type { RestartRule, SupervisionOptions, SupervisionStrategy } from '../../src/policy/index.ts';

describe('resolveSupervision', () => {
  it('fills in the documented defaults', () => {
    expect(resolveSupervision()).toEqual({
      restart: 'temporary',
      maxRestarts: 5,
      withinMs: 60_000,
      backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 'equal' },
      stableMs: 60_000,
    });
  });

  it('keeps every value that is given', () => {
    const given = {
      restart: 'permanent',
      maxRestarts: 0,
      withinMs: 1,
      backoff: { initialMs: 2, factor: 3, maxMs: 4, jitter: 'none' },
      stableMs: 0,
    } as const;

    expect(resolveSupervision(given)).toEqual(given);
  });

  it('lifts the cap of 30 s to a first wait of 45 s', () => {
    expect(resolveSupervision({ backoff: { initialMs: 45_000 } }).backoff.maxMs).toBe(45_000);
  });

  it.each<[string, unknown]>([
    ['restart', { restart: 'always' }],
    ['maxRestarts', { maxRestarts: -1 }],
    ['maxRestarts', { maxRestarts: 1.5 }],
    ['withinMs', { withinMs: 0 }],
    ['withinMs', { withinMs: Number.POSITIVE_INFINITY }],
    ['backoff.initialMs', { backoff: { initialMs: 0 } }],
    ['backoff.maxMs', { backoff: { maxMs: 99 } }],
    ['backoff.jitter', { backoff: { jitter: 'some' } }],
    ['stableMs', { stableMs: -1 }],
    ['stableMs', { stableMs: '1' }],
  ])('names supervision.%s in the error for %o', (field, options) => {
    expect(() => resolveSupervision(options as SupervisionOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field: `supervision.${field}` }),
    );
  });
});

describe('restarts', () => {
  it.each<[RestartRule, readonly [done: boolean, stopped: boolean, failed: boolean]]>([
    ['permanent', [true, false, true]],
    ['transient', [false, false, true]],
    ['temporary', [false, false, false]],
  ])('R1: of a %s child that is done, stopped, failed: %j', (rule, expected) => {
    expect((['done', 'stopped', 'failed'] as const).map((outcome) => restarts(rule, outcome))).toEqual(expected);
  });
});

describe('affected', () => {
  it.each<[SupervisionStrategy, readonly string[]]>([
    ['oneForOne', ['b']],
    ['oneForAll', ['a', 'b', 'c']],
    ['restForOne', ['b', 'c']],
  ])('R2: %s of the 2nd of 3 is %j', (strategy, expected) => {
    expect(affected(strategy, ['a', 'b', 'c'], 'b')).toEqual(expected);
  });

  it.each<SupervisionStrategy>(['oneForOne', 'oneForAll', 'restForOne'])('%s of a stranger is nobody', (strategy) => {
    expect(affected(strategy, ['a', 'b'], 'x')).toEqual([]);
  });
});
