import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { HandleEventResponse } from '../../../src/gen/troupe/events/v1/events.ts';
import { hostEventDescriptor } from '../../../src/transport/events/index.ts';
import type { DeliverAnswer } from '../../../src/transport/events/index.ts';
import type { MemoryConnection } from '../../../src/transport/memory/index.ts';
import { encoded, frame, plugin, streamed } from './support.ts';

describe('events of streams that were cut', () => {
  it('take no room: with a window of 16, no single call is refused after 2 cuts during 1 handler', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const ran: string[] = [];
    const { connection, open } = await plugin({
      window: 16,
      on: { '*': ({ id }) => (ran.push(id), id === 'e1' ? released : undefined) },
    });
    for (let cut = 0; cut < 2; cut += 1) {
      const stream = open();
      await stream.next();
      stream.send(1, 16);
      await turn();
      stream.cut();
      await turn();
    }

    const calls = Array.from({ length: 16 }, (_, index) => handle(connection, `e${index + 1}`));
    await turn();
    release(undefined);

    expect(await Promise.all(calls)).toEqual(Array(16).fill({ emitted: [], error: undefined }));
    expect(ran).toEqual(Array.from({ length: 16 }, (_, index) => `e${index + 1}`));
  });

  it('take no room: single calls that were given up let 1 more in at once', async () => {
    const { connection } = await plugin({ window: 1, on: { '*': () => new Promise<undefined>(() => {}) } });
    void handle(connection, 'e1').catch(() => {});
    await turn();
    const givenUp = new AbortController();
    const second = handle(connection, 'e2', givenUp.signal);
    second.catch(() => {});
    await turn();

    const refused = handle(connection, 'e3');
    await expect(refused).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    givenUp.abort();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    const taken = await Promise.race([handle(connection, 'e4').catch(String), turn('waits')]);

    expect(taken).toBe('waits');
  });

  it('run once each when 60 results of 700 KB were not confirmed and their events come again by single calls', async () => {
    const ran: string[] = [];
    const payload = new Uint8Array(700_000);
    const { connection, open } = await plugin({ on: { '*': ({ id }) => (ran.push(id), { type: 't', payload }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 60);
    await stream.next();
    stream.cut();

    const returned: (number | string | undefined)[] = [];
    for (let number = 1; number <= 60; number += 1) {
      const { emitted, error } = await handle(connection, `e${number}`);
      returned.push(error?.code ?? emitted[0]?.payload.length);
    }

    expect(ran).toHaveLength(60);
    expect(returned).toEqual(Array(60).fill(700_000));
  });

  it('are answered with RESULT_FORGOTTEN, and do not run again, when 60 confirmed results of 700 KB took too much', async () => {
    const ran: string[] = [];
    const payload = new Uint8Array(700_000);
    const { connection, open } = await plugin({ on: { '*': ({ id }) => (ran.push(id), { type: 't', payload }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 60);
    for (let settled = 0; settled < 60; ) ({ settled } = await stream.next());
    stream.frames.put(frame(61, [], 60));
    await turn();

    const [first, newest] = [await handle(connection, 'e1'), await handle(connection, 'e60')];

    expect([first.error?.code, first.emitted, newest.error, newest.emitted.length]).toEqual([
      'RESULT_FORGOTTEN',
      [],
      undefined,
      1,
    ]);
    expect(ran).toHaveLength(60);
  });

  it('are told on the next stream, all 61 results of 100 KB once, to a host that believes the first answer', async () => {
    const ran: string[] = [];
    const payload = new Uint8Array(100_000);
    const { open } = await plugin({ on: { '*': ({ id }) => (ran.push(id), { type: 't', payload }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 61);
    await stream.next();
    stream.cut();

    const again = open();
    const first = await again.next();
    again.send(first.settled + 1, 61 - first.settled);
    const answers: DeliverAnswer[] = [first];
    while ((answers.at(-1)?.settled ?? 0) < 61) answers.push(await again.next());
    again.send(62, 1);
    answers.push(await again.next());

    expect(first.settled).toBeLessThan(61);
    expect(numbersOf(answers)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
    // Each answer covers the results up to what it settles.
    for (const { settled, results } of answers) expect(Number(results.at(-1)?.sequence)).toBe(settled);
    expect(ran).toHaveLength(62);
  });

  it('are settled by no later answer before the host has sent them on the new stream', async () => {
    const payload = new Uint8Array(400_000);
    const { open } = await plugin({ on: { '*': () => ({ type: 't', payload }) } });
    const stream = open();
    await stream.next();
    stream.send(1, 12);
    await stream.next();
    stream.cut();
    const again = open();
    let sent = (await again.next()).settled;
    const beyond: number[] = [];

    while (sent < 12) {
      sent += 1;
      again.send(sent, 1);
      const { settled } = await again.next();
      beyond.push(settled - sent);
    }

    expect(beyond.length).toBeGreaterThan(3);
    expect(beyond).toEqual(Array(beyond.length).fill(0));
  });
});

describe('a window of 1', () => {
  it('gets the next credit with each result, without hearing that the host has the last one', async () => {
    const { open } = await plugin({ window: 1, on: { '*': () => ({ type: 't' }) } });
    const stream = open();
    const answers = [await stream.next()];

    for (let number = 1; number <= 5; number += 1) {
      // A host tells what it has along with the next event.
      stream.frames.put(frame(number, [`e${number}`], number - 1));
      answers.push(await stream.next());
    }

    expect(answers.map(({ settled, sendLimit }) => [settled, sendLimit])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
  });
});

describe('a turn of the event loop', () => {
  it('is over after 16 of 300 handlers that take 1 ms each, and what was settled is told', async () => {
    const ran: string[] = [];
    const { environment, open } = await plugin({
      on: { '*': ({ id }) => (ran.push(id), environment.clock.advance(1), undefined) },
    });
    const stream = open();
    await stream.next();

    stream.send(1, 300);
    const { settled } = await stream.next();

    expect([settled, ran.length]).toEqual([16, 16]);
    await allOf(ran, 300);
  });

  it('is over after 1 handler that takes 50 ms', async () => {
    const ran: string[] = [];
    const { environment, open } = await plugin({
      on: { '*': ({ id }) => (ran.push(id), environment.clock.advance(50), undefined) },
    });
    const stream = open();
    await stream.next();

    stream.send(1, 5);

    expect(await stream.next()).toMatchObject({ settled: 1 });
    await allOf(ran, 5);
  });

  it('is over after 16 of 300 handlers that take 1 ms each and return a promise that is settled', async () => {
    const ran: string[] = [];
    const { environment, open } = await plugin({
      on: { '*': ({ id }) => (ran.push(id), environment.clock.advance(1), Promise.resolve(undefined)) },
    });
    const stream = open();
    await stream.next();

    stream.send(1, 300);
    const { settled } = await stream.next();

    expect([settled, ran.length]).toEqual([16, 16]);
    await allOf(ran, 300);
  });

  it('is over after 16 of 100 handlers that take 1 ms each when their events come 1 by 1', async () => {
    const ran: string[] = [];
    const { environment, connection } = await plugin({
      on: { '*': ({ id }) => (ran.push(id), environment.clock.advance(1), undefined) },
    });
    const { frames } = streamed(connection);
    const perTurn: number[] = [];

    for (let number = 1; number <= 100; number += 1) {
      frames.put({ event: encoded(`e${number}`), sequence: number, attempt: 0 });
    }
    for (let before = 0; ran.length < 100; before = ran.length) {
      await turn();
      perTurn.push(ran.length - before);
    }

    expect(Math.max(...perTurn)).toBe(16);
  });

  it('is over after 512 events of 1,000 that take no time', async () => {
    const ran: string[] = [];
    const { open } = await plugin({ on: { '*': ({ id }) => void ran.push(id) } });
    const stream = open();
    await stream.next();

    stream.send(1, 1_000);

    expect(await stream.next()).toMatchObject({ settled: 512 });
    expect(await stream.next()).toMatchObject({ settled: 1_000 });
  });
});

// Helpers

function handle(connection: MemoryConnection, id: string, signal?: AbortSignal): Promise<HandleEventResponse> {
  const request = { event: encoded(id), attempt: 0 };
  return connection.unary(hostEventDescriptor.handleEvent, request, signal === undefined ? {} : { signal });
}

function numbersOf(answers: readonly DeliverAnswer[]): number[] {
  return answers.flatMap(({ results }) => results.map(({ sequence }) => Number(sequence)));
}

async function allOf(ran: readonly string[], count: number): Promise<void> {
  while (ran.length < count) await turn();
}
