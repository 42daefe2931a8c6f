import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { all, encoded, fail, frame, last, plugin, started, streamed } from './support.ts';
import type { Stream } from './support.ts';

describe('Deliver', () => {
  it('answers the start at once with what is settled and 4,096 credits', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });

    const stream = open({ session: 's', nextSequence: 8 });

    expect(await stream.next()).toEqual({ settled: 7, sendLimit: 4_103, results: [] });
  });

  it('answers a batch of 300 events that are handled at once with 1 answer', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const stream = open();
    await stream.next();

    stream.send(1, 300);

    expect(await stream.next()).toEqual({ settled: 300, sendLimit: 4_396, results: [] });
  });

  it('tells errors and returned events in the order of the events, once for each stream', async () => {
    const { open } = await plugin({ on: { '*': ({ id }) => (id === 'e2' ? fail('no') : { type: `of.${id}` }) } });
    const stream = open();
    await stream.next();

    stream.send(1, 3);
    const first = await stream.next();
    stream.send(4, 1);
    const second = await stream.next();

    expect(first.results.map(({ eventId, emitted, error }) => [eventId, emitted[0]?.type ?? error?.code])).toEqual([
      ['e1', 'of.e1'],
      ['e2', 'HANDLER_FAILED'],
      ['e3', 'of.e3'],
    ]);
    expect(second.results.map(({ eventId }) => eventId)).toEqual(['e4']);
  });

  it('tells a host that comes back what it has settled, with the results that the host has not got', async () => {
    const ran: string[] = [];
    const { open } = await plugin({ on: { '*': ({ id }) => (ran.push(id), { type: 't' }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 3);
    await stream.next();
    stream.cut();

    const again = open({ session: 's', nextSequence: 2 });
    const answer = await again.next();
    again.send(4, 1);
    await again.next();

    expect([answer.settled, answer.results.map(({ sequence }) => Number(sequence))]).toEqual([3, [2, 3]]);
    expect(ran).toEqual(['e1', 'e2', 'e3', 'e4']);
  });

  it('forgets results that the host has, and starts anew for another session', async () => {
    const { open } = await plugin({ on: { '*': () => ({ type: 't' }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 2);
    await stream.next();
    stream.frames.put(frame(0, [], 2));
    stream.cut();

    const same = await open({ session: 's', nextSequence: 1 }).next();
    const other = await open({ session: 'other', nextSequence: 1 }).next();

    expect([same.settled, same.results.length, other.settled]).toEqual([2, 0, 0]);
  });

  it('gives no credits beyond 8 events while more than a window of 4 results is kept', async () => {
    const { open } = await plugin({ on: { '*': () => ({ type: 't' }) }, window: 4 });
    const stream = open();
    await stream.next();

    stream.send(1, 4);
    const full = await stream.next();
    stream.send(5, 4);
    const over = await stream.next();
    const resumed = await open({ session: 's', nextSequence: 7 }).next();

    expect([full, over, resumed].map(({ settled, sendLimit }) => [settled, sendLimit])).toEqual([
      [4, 8],
      [8, 8],
      [8, 12],
    ]);
  });

  it('ends the open stream with ABORTED when the host opens another one', async () => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const first = open();
    await first.next();

    const second = open();
    await second.next();

    await expect(first.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each<[string, (stream: Stream) => void]>([
    ['no start', ({ frames }) => frames.put(frame(1, ['e1']))],
    ['a session without a name', ({ frames }) => frames.put(started({ session: '', nextSequence: 1 }))],
    ['a start at event 0', ({ frames }) => frames.put(started({ session: 's', nextSequence: 0 }))],
    ['two starts', (stream) => (stream.start(), stream.start())],
    ['a gap', (stream) => (stream.start(), stream.send(2, 1))],
    ['a repeat', (stream) => (stream.start(), stream.send(1, 2), stream.send(2, 1))],
    ['more than its credits', (stream) => (stream.start(), stream.send(1, 4_097))],
    ['results that it cannot have', ({ frames, start }) => (start(), frames.put(frame(0, [], 1)))],
    ['an event without an id', ({ frames, start }) => (start(), frames.put(frame(1, [''])))],
    ['an event without a type', ({ frames, start }) => (start(), frames.put(frame(1, ['e1'], 0, '')))],
  ])('refuses a host that sends %s with INVALID_ARGUMENT, and harms nothing else', async (_, misbehave) => {
    const { open } = await plugin({ on: { '*': () => undefined } });
    const stream = open('later');

    misbehave(stream);

    await expect(last(stream)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const next = open({ session: 'next', nextSequence: 1 });
    await next.next();
    next.send(1, 1);
    expect(await next.next()).toMatchObject({ settled: 1 });
  });

  it('60: ends the stream after the last answer when the host has no more to send', async () => {
    const { open } = await plugin({ on: { '*': () => Promise.resolve(undefined) } });
    const stream = open();
    stream.send(1, 3);
    stream.frames.end();

    const answers = await all(stream);

    expect(answers.at(-1)?.settled).toBe(3);
  });
});

describe('StreamEvents', () => {
  it('62: runs what came before the stream was cut, and 60: answers its end with how many came', async () => {
    const ran: string[] = [];
    const { connection } = await plugin({ on: { '*': ({ id }) => void ran.push(id) } });
    const [cut, whole] = [streamed(connection), streamed(connection)];

    cut.frames.put({ event: encoded('a'), sequence: 1, attempt: 0 });
    cut.frames.end(new RuntimeError('UNAVAILABLE', 'cut'));
    whole.frames.put({ event: encoded('b'), sequence: 1, attempt: 0 });
    whole.frames.end();

    await expect(cut.answer).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await whole.answer).toEqual({ received: 1n });
    expect(ran).toEqual(['a', 'b']);
  });

  it('fails the call when 2 results cannot be reported within 30 s, so that the host does not wait for them', async () => {
    const { connection, environment } = await plugin({ on: { '*': () => undefined } });
    const { frames, answer } = streamed(connection);
    let ended: unknown;
    answer.catch((error: unknown) => (ended = error));
    frames.put({ event: encoded('a'), sequence: 1, attempt: 0 });
    frames.put({ event: encoded('b'), sequence: 2, attempt: 0 });

    await environment.clock.advanceAsync(29_000, { turns: 20 });
    expect(ended).toBeUndefined();
    while (ended === undefined) await environment.clock.advanceAsync(1_000, { turns: 20 });

    expect(ended).toMatchObject({ code: 'UNAVAILABLE' });
    expect(environment.clock.now()).toBeLessThan(60_000);
  });

  it('refuses a gap with INVALID_ARGUMENT', async () => {
    const { connection } = await plugin({ on: { '*': () => undefined } });
    const { frames, answer } = streamed(connection);

    frames.put({ event: encoded('a'), sequence: 2, attempt: 0 });

    await expect(answer).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
