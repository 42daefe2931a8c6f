import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { Actor, ActorRef } from '../src/actors/index.ts';
import type { OverflowPolicy, RestartRule, SupervisionStrategy } from '../src/policy/index.ts';
import { boom, createWorld, scripted } from '../test/actors/core/support.ts';
import type { Script } from '../test/actors/core/support.ts';
import { nextTurn } from '../test/actors/support.ts';
import { testScale } from '../test/setup/size.ts';

const KINDS = [
  'x',
  'stash',
  'unstash',
  'fail',
  'finish',
  'send',
  'spawn',
  'stopChild',
  'kill',
  'offer',
  'time',
] as const;

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly to: number;
  readonly wait: boolean;
}

const ACTORS = 4;
const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100)
    expect([...seen]).toEqual(
      expect.arrayContaining(['waiting', 'accepted', 'processed', 'dropped', 'stopped', 'forced']),
    );
});

describe('the report of a stop', () => {
  test.prop([
    fc.constantFrom<OverflowPolicy>('reject', 'dropNewest', 'dropOldest', 'block'),
    fc.constantFrom<SupervisionStrategy>('oneForOne', 'oneForAll', 'restForOne'),
    fc.constantFrom<RestartRule>('permanent', 'transient', 'temporary'),
    fc.array(step(), { maxLength: 30, size: 'max' }),
    fc.nat(30),
    fc.boolean(),
  ])(
    'adds up: waiting + accepted are processed + dropped, and who lived was stopped or forced',
    async (overflow, strategy, restart, steps, ticks, isPatient) => {
      const { world, act } = plant(overflow, strategy, restart);
      for (const one of steps) {
        const done = act(one);
        // Awaiting anything lets the actors run.
        if (one.wait || one.kind === 'time') await done;
      }
      // Whatever the steps have left alive has something to do when the stop comes.
      for (const kind of ['x', 'send'] as const)
        for (let to = 0; to < ACTORS; to++) void act({ kind, to, wait: false });
      const living = world.system.actors();

      const stopping = world.system.stop({ deadlineMs: 10 });
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      if (!isPatient) world.environment.clock.advance(10);
      const report = await stopping;

      expect(report.waiting + report.accepted).toBe(report.processed + report.dropped);
      expect(report.stopped + report.forced).toBe(living.length);
      for (const [what, count] of Object.entries(report)) if (count > 0) seen.add(what);
      await world.pass(60_000);
      expect([world.system.actors(), world.environment.clock.pending]).toEqual([[], 0]);
      await Promise.all(living.map((actor) => (actor as Actor).ended));
    },
  );
});

// Helpers

function step(): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constantFrom(...KINDS, ...(['x', 'x', 'x', 'send', 'send', 'time', 'offer', 'spawn'] as const)),
    to: fc.nat(ACTORS - 1),
    wait: fc.boolean(),
  });
}

function plant(overflow: OverflowPolicy, strategy: SupervisionStrategy, restart: RestartRule) {
  const world = createWorld({ strategy, mailbox: { capacity: 3, overflow } });
  const supervision = { restart, backoff: { initialMs: 5, maxMs: 20 } } as const;
  const actors: ActorRef<{ readonly type: string }>[] = [];
  const script: Script = {
    stash: (self) => self.stash(),
    unstash: (self) => self.unstash(),
    fail: boom,
    finish: (self) => self.finish(),
    send(self) {
      for (const actor of actors) self.tell(actor, { type: 'x' });
    },
    spawn(self) {
      const name = `child-${Math.floor(self.random() * 3)}`;
      if (world.system.actor(`${self.self.path}/${name}`) === undefined) {
        self.spawn(name, scripted({ fail: boom }), { supervision });
      }
      self.tell(name, { type: 'x' });
    },
    stopChild(self) {
      for (let i = 0; i < 3; i++) self.stop(`child-${i}`);
    },
    kill: ({ self }) => (self as unknown as { kill(): void }).kill(),
  };
  for (let i = 0; i < ACTORS; i++) actors.push(world.system.spawn(scripted(script), { name: `a${i}`, supervision }));
  const act = async ({ kind, to, wait }: Step): Promise<void> => {
    if (kind === 'offer') void actors[to]?.offer({ type: 'x' });
    else if (kind === 'time') await world.pass(7);
    else actors[to]?.tell({ type: kind });
    if (wait) await nextTurn(1);
  };
  return { world, act };
}
