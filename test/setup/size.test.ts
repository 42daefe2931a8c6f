import { describe, expect, it } from 'vitest';
import { prepareEnvironment, testScale } from './size.ts';

describe('testScale', () => {
  it('is a gate run of 100 cases with one fixed seed by default', () => {
    const first = testScale({});

    expect(first).toEqual(testScale({}));
    expect(first).toMatchObject({ size: 'gate', runs: 100, factor: 1 });
  });

  it('tries at least 1,000 cases in a full run', () => {
    expect(testScale({ TROUPE_TEST_SIZE: 'full' }).runs).toBeGreaterThanOrEqual(1_000);
  });

  it('takes the seed and the number of cases that the caller names', () => {
    expect(testScale({ TROUPE_TEST_SIZE: 'full', FC_SEED: '-7', FC_RUNS: '3' })).toMatchObject({ seed: -7, runs: 3 });
  });

  it.each(['FC_SEED', 'FC_RUNS'])('refuses a %s that is no whole number', (name) => {
    expect(() => testScale({ [name]: '1.5' })).toThrow(`${name} is "1.5"`);
  });

  it('refuses a size that does not exist', () => {
    expect(() => testScale({ TROUPE_TEST_SIZE: 'huge' })).toThrow('"huge"');
  });
});

describe('prepareEnvironment', () => {
  it('gives a second reading the same random seed', () => {
    const env: NodeJS.ProcessEnv = { TROUPE_TEST_SIZE: 'full' };

    const first = prepareEnvironment(env);

    expect(prepareEnvironment(env)).toEqual(first);
  });

  it('takes the variables of a plugin handshake out', () => {
    const env: NodeJS.ProcessEnv = { PLUGIN_CLIENT_CERT: 'x', PATH: '/bin' };

    prepareEnvironment(env);

    expect(env).not.toHaveProperty('PLUGIN_CLIENT_CERT');
    expect(env).toHaveProperty('PATH', '/bin');
  });
});
