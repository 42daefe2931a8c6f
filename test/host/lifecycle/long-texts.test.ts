import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { boundedData, boundedText } from '../../../src/host/lifecycle/bounded-data.ts';
import { bundle } from './fakes.ts';
import { createRig, refusal, until } from './rig.ts';

const LONG = 'x'.repeat(70_000);
const MANY = Array.from({ length: 256 }, (_, index) => `s${'b'.repeat(240)}${index}`);

describe('a failure whose text has 70,000 characters', () => {
  it('of a start is stored with 4,096 of them, and the plugin can be reset', async () => {
    const rig = createRig();
    await rig.install();
    rig.plugins.script.launchError = new RuntimeError('PROBE_FAILED', LONG);

    const error = await refusal(rig.lifecycle.activate('kv'));

    const row = await rig.store.get('kv');
    expect([error.code, row?.state, row?.failure?.message.length]).toEqual(['PROBE_FAILED', 'errored', 4_096]);
    expect(await rig.lifecycle.reset('kv')).toHaveProperty('state', 'inactive');
  });

  it('of an update leaves the old version serving', async () => {
    const rig = createRig();
    await rig.install({}, true);
    const [old] = rig.plugins.live('kv');
    rig.plugins.script.verifyError = new RuntimeError('PROBE_FAILED', LONG);

    await refusal(rig.lifecycle.update('kv', bundle({ version: '2.0.0' })));

    expect([await rig.state(), old?.isLive, (await rig.events()).at(-1)]).toEqual([
      'active',
      true,
      'plugin.update.failed',
    ]);
  });

  it('of a crash is counted', async () => {
    const rig = createRig();
    await rig.install({}, true);

    const verdict = await rig.breaker.report({ plugin: 'kv', code: 'PLUGIN_CRASHED', message: LONG });

    expect([verdict, (await rig.store.get('kv'))?.trips.length]).toEqual(['restart', 1]);
  });

  it('of a quarantine is the reason of it', async () => {
    const rig = createRig();
    await rig.install();

    const row = await rig.lifecycle.quarantine('kv', { reason: LONG });

    expect([row.state, row.failure?.message.length]).toEqual(['quarantined', 4_096]);
  });
});

describe('a plugin with 512 permissions of 240 characters', () => {
  it('is installed, activated and removed, and its audit has the number and the head of the list', async () => {
    const rig = createRig();
    const permissions = { services: MANY, fs: { read: MANY } };
    await rig.lifecycle.install(bundle({ permissions }), { activate: true });

    expect(await rig.state()).toBe('active');
    const installed = (await rig.lifecycle.audit('kv')).find(({ event }) => event === 'plugin.installed');
    expect(installed?.data['permissions']).toMatchObject({ count: 512, head: expect.any(Array) });
    await until(rig.environment, rig.lifecycle.deactivate('kv'));
    await rig.lifecycle.uninstall('kv');
    expect(await rig.state()).toBe('absent');
  });
});

describe('the data of an entry', () => {
  it('is kept as it is when it is short', () => {
    const data = { code: 'X', list: ['a', 1, null], nested: { flag: true }, none: undefined };

    expect(boundedData(data)).toEqual(data);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a text', { text: LONG }],
    ['a list of 100,000 numbers', { list: Array.from({ length: 100_000 }, (_, index) => index) }],
    ['1,000 keys with a text each', Object.fromEntries(MANY.map((key) => [key, LONG]))],
    ['lists in lists', { list: MANY.map(() => MANY) }],
    ['texts that are longer as JSON', { list: MANY.map(() => '\u0001'.repeat(4_000)) }],
  ])('that has %s stays below 65,536 characters', (_, data) => {
    expect(JSON.stringify(boundedData(data)).length).toBeLessThan(65_536);
  });

  it('is cut between characters', () => {
    expect(boundedText('😀'.repeat(10), 4).isWellFormed()).toBe(true);
    expect(boundedText('abcd', 4)).toBe('abcd');
    expect(boundedText('abcde', 4)).toBe('abc…');
  });
});
