// Plugins that break the protocol of events, each as a real process beside a healthy one: what it does has a code, ends
// its own stream only, and costs the healthy one nothing.

import { describe, expect, it } from 'vitest';
import type { Plugin } from '../../../src/host/index.ts';
import type { BrokenPluginOrder, Defect } from '../fixtures/broken-event-plugin.ts';
import { childEnv, nodeCommand, waitFor } from '../support.ts';
import { BLOCK, eventScene, firstOnes, imbalance, publish, viewOf } from './support.ts';
import type { EventScene } from './support.ts';

/** Enough to fill whatever holds events on their way, and more. */
const EVENTS = 1_000;

describe('a plugin that on its acknowledged stream', () => {
  it.each<[Defect, string]>([
    ['deaf', 'DEADLINE_EXCEEDED'],
    ['silent', 'DEADLINE_EXCEEDED'],
    ['never reads', 'EVENT_STREAM_STALLED'],
    ['never acks', 'EVENT_STREAM_STALLED'],
    ['acks what was never sent', 'EVENT_PROTOCOL_VIOLATION'],
    ['takes an ack back', 'EVENT_PROTOCOL_VIOLATION'],
    ['repeats a result', 'EVENT_PROTOCOL_VIOLATION'],
    ['invents a result', 'EVENT_PROTOCOL_VIOLATION'],
    ['garbage', 'EVENT_PROTOCOL_VIOLATION'],
    ['hangs up', 'UNAVAILABLE'],
  ])(
    'is "%s" loses it with %s and gets all events by single calls; the healthy one has them all',
    async (deliver, code) => {
      const { scene, bad } = await pair({ deliver });

      const ids = await publishAll(scene);

      await waitFor('the healthy plugin has all', () => scene.journalOf('good').length >= EVENTS);
      const view = viewOf(scene.bus, 'bad');
      await waitFor('the broken one has all', () => view.counters.pending === 0, 20_000);
      expect(codesOfCuts(scene)).toContain(code);
      expect(scene.journalOf('good').map(({ id }) => id)).toEqual(ids);
      const handled = scene.journalOf('bad').map(({ id }) => id);
      expect(handled).toEqual(firstOnes(handled));
      // What it acknowledged before it broke the protocol counts as handled.
      expect(handled.length + view.counters.failed).toBeGreaterThanOrEqual(EVENTS - 2);
      expect([imbalance(view), view.counters.dropped, view.counters.unknown]).toEqual([0, 0, 0]);
      expect(scene.echoes).toEqual([]);
      await stopsInTime(bad);
    },
  );
});

describe('a plugin that on its plain stream', () => {
  it.each<[NonNullable<BrokenPluginOrder['stream']>, string]>([
    ['deaf', 'EVENT_STREAM_STALLED'],
    ['garbage', 'EVENT_PROTOCOL_VIOLATION'],
    ['hangs up', 'UNAVAILABLE'],
  ])('is "%s" loses it with %s; no event is sent twice, and the healthy one has them all', async (stream, code) => {
    const { scene, bad } = await pair({ stream });

    const ids = await publishAll(scene);

    await waitFor('the healthy plugin has all', () => scene.journalOf('good').length >= EVENTS);
    const view = viewOf(scene.bus, 'bad');
    await waitFor('nothing is pending', () => view.counters.pending === 0, 20_000);
    expect(codesOfCuts(scene)).toContain(code);
    expect(scene.journalOf('good').map(({ id }) => id)).toEqual(ids);
    const handled = scene.journalOf('bad').map(({ id }) => id);
    expect(handled).toEqual(firstOnes(handled));
    expect([imbalance(view), handled.length + view.counters.unknown]).toEqual([0, EVENTS]);
    await stopsInTime(bad);
  });
});

describe('a plugin that by single calls', () => {
  it.each<[NonNullable<BrokenPluginOrder['unary']>, string]>([
    ['hangs', 'DEADLINE_EXCEEDED'],
    ['garbage', 'EVENT_PROTOCOL_VIOLATION'],
  ])('answers with "%s" fails 3 events with %s; the healthy one has them all', async (unary, code) => {
    const { scene, bad } = await pair({ unary });

    const ids = await publishAll(scene, 3);

    const view = viewOf(scene.bus, 'bad');
    await waitFor('3 events have failed', () => view.counters.failed === 3);
    await waitFor('the healthy plugin has all', () => scene.journalOf('good').length >= 3);
    expect(scene.journalOf('good').map(({ id }) => id)).toEqual(ids);
    // Of failures in a row the log has the first.
    expect(firstOnes(failureCodes(scene))).toEqual([code]);
    await stopsInTime(bad);
  });

  it('takes no event in any form is told as EVENTS_UNSUPPORTED, and holds up nobody; the healthy one has them all', async () => {
    const { scene, bad } = await pair({ unary: 'none' });
    const view = viewOf(scene.bus, 'bad');

    // Its queue takes 256 and makes publishers wait for 20 s then.
    const ids = await publishAll(scene);

    await waitFor('the healthy plugin has all', () => scene.journalOf('good').length >= EVENTS);
    expect(scene.journalOf('good').map(({ id }) => id)).toEqual(ids);
    expect(scene.test.facts).toContainEqual({
      type: 'plugin.eventsUnsupported',
      plugin: 'bad',
      failure: { code: 'EVENTS_UNSUPPORTED', message: 'plugin "bad" takes events in no form' },
    });
    expect(view).toMatchObject({ state: 'stopped', counters: { delivered: 0, pending: 0 } });
    expect([imbalance(view), view.counters.published < EVENTS]).toEqual([0, true]);
    expect(scene.bus.subscriptions().map(({ name }) => name)).not.toContain('bad');
    await stopsInTime(bad);
  });
});

// Helpers

/** A broken plugin called `bad` and a healthy one called `good`, with short times. */
async function pair(
  order: Omit<BrokenPluginOrder, 'journal'>,
  events: object = {},
): Promise<{ scene: EventScene; bad: Plugin }> {
  const scene = eventScene({
    probeTimeoutMs: 300,
    sendTimeoutMs: 150,
    unary: { timeoutMs: 500, attempts: 2 },
    batch: { events: 64 },
    window: { events: 512 },
    // Once it has fallen back, it stays there for the rest of the test.
    backoff: { initialMs: 60_000, maxMs: 60_000, jitter: 'none' },
  });
  await scene.journalPlugin('good', { isCalm: true });
  const bad = await scene.test.host.launch({
    name: 'bad',
    ...nodeCommand('broken-event-plugin', { ...order, journal: scene.pathOf('bad') }),
    env: childEnv(),
    stop: { drainMs: 1_000 },
    events: { subscribe: ['work.*'], emit: ['echo.*'], ...BLOCK, capacity: 256, ...events },
  });
  return { scene, bad };
}

async function publishAll({ bus }: EventScene, count = EVENTS): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await publish(bus, 'work.n', 'nothing'));
  return ids;
}

function codesOfCuts({ test }: EventScene): unknown[] {
  return test.log.entries
    .filter(({ message, fields }) => message === 'stream.cut' && fields?.['plugin'] === 'bad')
    .map(({ fields }) => fields?.['code']);
}

function failureCodes({ test }: EventScene): string[] {
  return test.log.entries
    .filter(({ message }) => message === 'an event failed')
    .map(({ fields }) => (fields?.['error'] as { readonly code: string } | undefined)?.code ?? '');
}

/** Its end is that of any plugin, with nothing left. */
async function stopsInTime(plugin: Plugin): Promise<void> {
  await plugin.stop();
  expect(plugin.status().state).toBe('dead');
}
