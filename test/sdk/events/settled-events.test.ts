import { describe, expect, it } from 'vitest';
import { DONE, Outcome } from '../../../src/sdk/events/outcome.ts';
import { SettledEvents } from '../../../src/sdk/events/settled-events.ts';
import type { EventView } from '../../../src/transport/events/index.ts';

describe('SettledEvents', () => {
  it('finds the last 10,000 ids whatever came before, and gives up those before the last 20,000', () => {
    const settled = new SettledEvents(8);

    for (let number = 0; number < 35_000; number += 1) settled.add(view(`id-${number}`), DONE);

    const found = Array.from({ length: 35_000 }, (_, number) => settled.find(view(`id-${number}`)) !== undefined);
    expect(found.lastIndexOf(false)).toBe(19_999);
    expect(found.indexOf(true)).toBe(20_000);
  });

  it('tells ids apart that have 1 hash, by their length and by each byte', () => {
    const settled = new SettledEvents(8);
    const ids = ['', 'a', 'b', 'ab', 'ba', 'aba', 'abb', 'é'];
    const outcomes = ids.map((id) => failed(id));

    ids.forEach((id, index) => settled.add(view(id, 7), outcomes[index] ?? DONE));

    expect(ids.map((id) => settled.find(view(id, 7)))).toEqual(outcomes);
    expect(['c', 'bb', 'abc', 'a\u0000'].map((id) => settled.find(view(id, 7)))).toEqual(Array(4).fill(undefined));
  });

  it('keeps the ids of messages whose memory is used again', () => {
    const settled = new SettledEvents(8);
    const event = view('first');
    settled.add(event, DONE);

    event.bytes.fill('x');

    expect([settled.find(view('first')), settled.find(view('xxxxx'))]).toEqual([DONE, undefined]);
  });

  it('remembers fewer than 10,000 events when their ids take more than 16 MiB', () => {
    const settled = new SettledEvents(8);
    const long = 'i'.repeat(1024 * 1024);

    for (let number = 0; number < 40; number += 1) settled.add(view(`${long}${number}`), DONE);

    const found = Array.from({ length: 40 }, (_, number) => settled.find(view(`${long}${number}`)) !== undefined);
    expect(found.filter(Boolean).length).toBeLessThan(35);
    expect(found.slice(-16)).toEqual(Array(16).fill(true));
  });

  it('keeps 30,000 ids of a window of 30,000, whatever room they take', () => {
    const settled = new SettledEvents(30_000);
    const filler = 'i'.repeat(600);

    for (let number = 0; number < 70_000; number += 1) settled.add(view(`${filler}${number}`, number), DONE);

    const lost = Array.from({ length: 30_000 }, (_, index) => 40_000 + index).filter(
      (number) => settled.find(view(`${filler}${number}`, number)) === undefined,
    );
    expect(lost).toEqual([]);
    expect(settled.find(view(`${filler}1`, 1))).toBeUndefined();
  });

  it('keeps the ids of 40 events that returned 40 MiB, and all they returned that the host has not got', () => {
    const settled = new SettledEvents(8);
    const outcomes = Array.from({ length: 40 }, () => returned(1024 * 1024));

    outcomes.forEach((outcome, number) => settled.add(view(`${number}`), outcome));

    const found = outcomes.map((_, number) => settled.find(view(`${number}`)));
    expect(found).toEqual(outcomes);
    expect(found.map((outcome) => outcome?.emitted.length)).toEqual(Array(40).fill(1));
  });

  it('forgets the oldest 25 of 40 MiB that the host has got, and says so, but keeps the 40 ids', () => {
    const settled = new SettledEvents(8);
    const outcomes = Array.from({ length: 40 }, () => returned(1024 * 1024));
    outcomes.forEach((outcome, number) => settled.add(view(`${number}`), outcome));

    for (const outcome of outcomes) settled.confirm(outcome);

    const codes = outcomes.map((_, number) => settled.find(view(`${number}`))?.error?.code);
    expect(codes).toEqual([...Array(25).fill('RESULT_FORGOTTEN'), ...Array(15).fill(undefined)]);
  });

  it('forgets what the host has not got only beyond 256 MiB, the oldest first', () => {
    const settled = new SettledEvents(8);
    const outcomes = Array.from({ length: 10 }, () => returned(32 * 1024 * 1024));

    outcomes.forEach((outcome, number) => settled.add(view(`${number}`), outcome));

    const codes = outcomes.map((_, number) => settled.find(view(`${number}`))?.error?.code);
    expect(codes).toEqual([...Array(3).fill('RESULT_FORGOTTEN'), ...Array(7).fill(undefined)]);
  });

  it('counts nothing any more of what was given up with its id', () => {
    const settled = new SettledEvents(8);
    for (let number = 0; number < 10; number += 1) settled.add(view(`${number}`), returned(25 * 1024 * 1024));
    for (let number = 10; number < 40_000; number += 1) settled.add(view(`${number}`), DONE);
    const later = Array.from({ length: 10 }, () => returned(25 * 1024 * 1024));

    later.forEach((outcome, number) => settled.add(view(`${40_000 + number}`), outcome));

    expect(later.map(({ error }) => error)).toEqual(Array(10).fill(undefined));
  });
});

// Helpers

/** As much of an event as the ids want; by default the hashes of ids of one length are the same now and then. */
function view(id: string, hash: number = Number.parseInt(id.replace(/\D/g, '') || '0', 10) % 5_000): EventView {
  const bytes = Buffer.from(`--${id}`);
  return { bytes, idStart: 2, idEnd: bytes.length, hashId: () => hash } as Partial<EventView> as EventView;
}

function returned(bytes: number): Outcome {
  const payload = Buffer.alloc(bytes);
  const emitted = { type: 't', subject: '', contentType: '', metadata: {}, payload, timeUnixNanos: 0n, clientId: '' };
  return new Outcome([emitted], undefined);
}

function failed(message: string): Outcome {
  return new Outcome([], { code: 'HANDLER_FAILED', message });
}
