import { describe, expect, it } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import type { ActorContext, AnyActor } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';
import { createWorld, scripted } from './support.ts';
import type { AnyMessage } from './support.ts';

describe('a slip of whoever starts an actor', () => {
  it.each<[string, unknown]>([
    ['"name" is undefined; it takes 1 to 128 of A-Z a-z 0-9 . _ -, and not . or .. alone', {}],
    ['"name" is "."; it takes 1 to 128 of A-Z a-z 0-9 . _ -, and not . or .. alone', { name: '.' }],
    ['"name" is Symbol(a); it takes 1 to 128 of A-Z a-z 0-9 . _ -, and not . or .. alone', { name: Symbol('a') }],
    ['"name" is an array; it takes 1 to 128 of A-Z a-z 0-9 . _ -, and not . or .. alone', { name: ['a'] }],
    ['"options" must be an object, got "a"', 'a'],
    ['"options" must be an object, got undefined', undefined],
    ['"supervision" must be an object, got "permanent"', { name: 'a', supervision: 'permanent' }],
    ['"mailbox" must be an object, got 10', { name: 'a', mailbox: 10 }],
    ['"mailbox.capacity" must be a whole number of at least 1, got "5"', { name: 'a', mailbox: { capacity: '5' } }],
    ['"strategy" must be one of oneForOne, oneForAll, restForOne, got "x"', { name: 'a', strategy: 'x' }],
  ])('is named: %s', (text, options) => {
    const { system } = createWorld();

    expect(() => system.spawn(scripted(), options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', rawMessage: `option ${text}` }),
    );
    expect(system.actors()).toEqual([]);
  });

  it('is repeated up to 64 characters of its 1,000,000', () => {
    const { system } = createWorld();
    const name = 'é'.repeat(1_000_000);

    expect(() => system.spawn(scripted(), { name })).toThrow(
      expect.objectContaining({ rawMessage: expect.stringContaining(`is "${'é'.repeat(64)}…"; it takes`) as unknown }),
    );
  });
});

describe('a slip of whoever has a system', () => {
  it.each<[string, unknown]>([
    ['options', null],
    ['inspect', { inspect: 'yes' }],
    ['mailbox', { mailbox: 10 }],
  ])('in the option %s is refused at its creation', (field, options) => {
    const given = typeof options === 'object' && options !== null ? { environment: createManualEnvironment() } : null;

    expect(() => createSystem((given && { ...given, ...(options as object) }) as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field }),
    );
  });

  it.each<[string, string, (world: ReturnType<typeof start>) => unknown]>([
    ['stop(100)', 'options', ({ system }) => system.stop(100 as never)],
    ['stop(null)', 'options', ({ system }) => system.stop(null as never)],
    ['stop without a number', 'deadlineMs', ({ system }) => system.stop({ deadlineMs: '5' as never })],
    ['stopActor of a path', 'ref', ({ system }) => system.stopActor('/a' as never)],
    ['stopActor of nothing', 'ref', ({ system }) => system.stopActor(undefined as never)],
    ['ask without options', 'options', ({ system, actor }) => system.ask(actor, { type: 'x' }, undefined as never)],
    ['ask of nobody', 'receiver', ({ system }) => system.ask(null as never, { type: 'x' }, { deadlineMs: 1 })],
  ])('%s rejects, naming "%s", and nothing has happened', async (_, field, call) => {
    const world = start();

    await expect(call(world)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
    await nextTurn();

    expect(world.system.actors().map(({ path }) => path)).toEqual(['/a']);
  });

  it('in the path of an actor is refused', () => {
    expect(() => createWorld().system.actor(undefined as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field: 'path' }),
    );
  });
});

describe('a slip of a behaviour', () => {
  const message = { type: 'tick' };

  it.each<[string, string, (self: ActorContext<AnyMessage>) => void]>([
    ['repeats "foo"', 'repeat', (self) => self.startTimer('t', { afterMs: 1, repeat: 'foo' as never }, message)],
    ['repeats true', 'repeat', (self) => self.startTimer('t', { afterMs: 1, repeat: true as never }, message)],
    ['waits -1 ms', 'afterMs', (self) => self.startTimer('t', { afterMs: -1 }, message)],
    ['has no rule', 'rule', (self) => self.startTimer('t', undefined as never, message)],
    ['has no message', 'message', (self) => self.startTimer('t', { afterMs: 1 }, undefined as never)],
    ['asks without options', 'options', (self) => self.ask(self.self, message, undefined as never)],
    ['asks for no reply', 'onReply', (self) => self.ask(self.self, message, { deadlineMs: 1 } as never)],
  ])('that %s fails it with the name of the field, %s, and no timer is armed', async (_, field, slip) => {
    const got: string[] = [];
    const { system, pass } = createWorld();
    const actor: AnyActor = system.spawn(scripted({ go: slip }, got), { name: 'a' }) as never;
    actor.tell({ type: 'go' });
    await pass(10);

    await expect(actor.ended).resolves.toMatchObject({ kind: 'failed', error: { code: 'INVALID_OPTIONS', field } });
    expect(got).toEqual(['go']);
  });
});

// Helpers

/** A system with one idle actor `/a`. */
function start() {
  const { system } = createWorld();
  return { system, actor: system.spawn(scripted(), { name: 'a' }) };
}
