import { describe, expect, it } from 'vitest';
import type { AskTrace, Propagation } from '../../../src/actors/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

const FAULTS: readonly [string, () => AskTrace, number][] = [
  ['whose ask throws', boom, 1],
  ['whose ask returns nothing', () => undefined as never, 0],
  ['whose ask returns something else', () => ({}) as never, 2],
  ['whose run throws before it sends', () => ({ run: boom, ended() {} }), 1],
  ['whose run throws after it has sent', () => ({ run: (send) => [send(), boom()], ended() {} }), 1],
  ['whose run rejects', () => ({ run: (async () => boom()) as never, ended() {} }), 1],
  ['whose run never sends', () => ({ run() {}, ended() {} }), 0],
  ['whose run sends twice', () => ({ run: (send) => [send(), send()], ended() {} }), 0],
  ['whose run sends later, too', () => ({ run: (send) => queueMicrotask(send), ended() {} }), 0],
  ['whose ended throws', () => ({ run: (send) => send(), ended: boom }), 1],
  ['whose ended rejects', () => ({ run: (send) => send(), ended: (async () => boom()) as never }), 1],
];

describe('a question under telemetry', () => {
  it.each(FAULTS)('%s is asked and answered once', async (_, ask, faults) => {
    const { world, actor, got } = answering(ask);

    const answer = world.system.ask(actor, { type: 'q' }, { deadlineMs: 10 });

    expect(await answer).toBe('answer');
    await nextTurn();
    expect([got, world.logged('error')]).toEqual([
      ['q'],
      Array.from({ length: faults }, () => 'the propagation failed'),
    ]);
  });

  it.each(FAULTS)('%s fails by its deadline of 10 ms', async (_, ask) => {
    const { world, actor } = answering(ask);
    const answer = world.system.ask(actor, { type: 'silent' }, { deadlineMs: 10 });
    const failure = answer.catch((error: unknown) => error);

    await world.pass(10);

    expect(await failure).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('is settled before the telemetry hears of it', async () => {
    const order: string[] = [];
    const { world, actor } = answering(() => ({ run: (send) => send(), ended: () => void order.push('ended') }));
    const asker = scripted({
      go: (self) => {
        const onReply = (): AnyMessage => ({ type: String(order.push('replied')) });
        self.ask(actor, { type: 'q' }, { deadlineMs: 10, onReply, onFailure: () => ({ type: 'failed' }) });
      },
    });

    world.system.spawn(asker, { name: 'asker' }).tell({ type: 'go' });
    await nextTurn();

    expect(order).toEqual(['replied', 'ended']);
  });

  it('fails with what a foreign reference throws, which is no fault of the telemetry', async () => {
    const { world } = answering(() => ({ run: (send) => send(), ended() {} }));
    const foreign = { path: '/far', name: 'far', id: 'far', tell: boom, offer: boom };

    const answer = world.system.ask(foreign as never, { type: 'q' } as never, { deadlineMs: 10 });

    await expect(answer).rejects.toThrow('boom');
    expect(world.logged('error')).toEqual([]);
  });
});

// Helpers

function answering(ask: NonNullable<Propagation['ask']>) {
  const world = createWorld({
    propagation: { capture() {}, run: (_trace, _delivery, process) => void process(), ask: ask as () => AskTrace },
  });
  const got: string[] = [];
  const actor = world.system.spawn(scripted({ q: (self) => self.reply('answer') }, got), { name: 'a' });
  return { world, actor, got };
}
