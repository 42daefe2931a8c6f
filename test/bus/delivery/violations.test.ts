import { describe, expect, it } from 'vitest';
import type { DeliverAnswer } from '../../../src/transport/events/index.ts';
import { startHarness } from './support.ts';

const result = (sequence: bigint, eventId: string): DeliverAnswer['results'][number] => ({
  sequence,
  eventId,
  emitted: [],
});

const BROKEN: readonly (readonly [string, DeliverAnswer, string])[] = [
  [
    'an acknowledgement of an event that was never sent',
    { settled: 9, sendLimit: 100, results: [] },
    'event 9 is settled, and 3 was the last to be sent',
  ],
  ['settled that goes back', { settled: 0, sendLimit: 2000, results: [] }, 'settled went back from 1 to 0'],
  ['a send limit that shrinks', { settled: 1, sendLimit: 10, results: [] }, 'the send limit went back from 1025 to 10'],
  [
    'a result for an event that was never sent',
    { settled: 1, sendLimit: 2000, results: [result(77n, 'e77')] },
    'a result names event 77, which is not open',
  ],
  [
    'a result for an event that is settled',
    { settled: 1, sendLimit: 2000, results: [result(1n, 'e1')] },
    'a result names event 1, which is not open',
  ],
  [
    'a result that names another id',
    { settled: 1, sendLimit: 2000, results: [result(2n, 'e3')] },
    'a result for event 2 names another id',
  ],
];

describe('a plugin that breaks the protocol by', () => {
  it.each(BROKEN)('%s loses its stream, and no event', async (_, answer, text) => {
    const { source, peer, pass, facts } = await startHarness();
    source.publish(1);
    await pass(0);
    peer.script.outcome = () => 'held';
    source.publish(2);
    await pass(0);

    peer.script.outcome = () => 'handled';
    peer.say(answer);
    await pass(0);

    const cut = facts.find(({ type }) => type === 'stream.cut');
    expect(cut).toMatchObject({ code: 'EVENT_PROTOCOL_VIOLATION', message: expect.stringContaining(text) });
    expect(facts.map(({ type }) => type)).toContain('stream.fellBack');
    expect(source.settled).toEqual({ delivered: ['e1', 'e2', 'e3'], failed: [], unknown: [] });
    expect([source.complaints, source.isBalanced]).toEqual([[], true]);
  });

  it('answers of all kinds settles nothing for another plugin', async () => {
    const broken = await startHarness({ script: { answer: () => ({ settled: 99, sendLimit: 0, results: [] }) } });
    const good = await startHarness();

    broken.source.publish(5);
    good.source.publish(5);
    await broken.pass(0);
    await good.pass(0);

    expect([good.stream.form, good.source.settled.delivered.length]).toEqual(['acked', 5]);
    expect([broken.stream.form, broken.source.settled.delivered.length]).toEqual(['unary', 5]);
  });
});
