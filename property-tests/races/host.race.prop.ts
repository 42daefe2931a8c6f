import { describe, expect, it } from 'vitest';
import { createHostLogic } from '../../src/actors/index.ts';
import { defineScenario, eventually, explore, noDeadLetters } from '../../src/testing/index.ts';
import { raceSize } from './race-size.ts';

interface HostUnderRace {
  readonly actor: { snapshot(): { readonly status: string; readonly output?: unknown } };
  readonly asked: readonly string[];
}

describe('the host chart', () => {
  it('ends gracefully or by force when the stop of its plugins meets the deadline, and kills only after it', async () => {
    const forced = new Set<string>();
    const scenario = defineScenario<HostUnderRace>({
      name: 'a stop that meets its deadline',
      setup({ system, port, client, environment }) {
        const asked: string[] = [];
        const ports = port('plugins', {
          stopPlugins: () => {
            asked.push('stop');
            return new Promise<void>((resolve) => void environment.clock.setTimeout(resolve, 100));
          },
          killPlugins: async () => {
            asked.push('kill');
            return ['kv'];
          },
        });
        const actor = system.spawn(createHostLogic(ports), { name: 'host', input: {} });
        client('one', (me) => me.tell(actor, { type: 'host.stop', deadlineMs: 100 }));
        client('other', (me) => me.tell(actor, { type: 'host.stop', deadlineMs: 50 }));
        return { actor, asked };
      },
      // H2: whatever the plugins do.
      oracles: [
        eventually<HostUnderRace>(({ actor }) => actor.snapshot().status === 'done', { withinMs: 1000 }),
        noDeadLetters({ except: ['stopped'] }),
      ],
      check({ actor, asked }) {
        const names = JSON.stringify(actor.snapshot().output);
        forced.add(names);
        const killed = asked.includes('kill');
        if (asked[0] !== 'stop') return 'nobody asked the plugins to stop';
        return killed || names === '{"forced":[]}' || 'names of plugins that nobody killed';
      },
    });

    const result = await explore(scenario, raceSize(1200));

    expect(result.distinct).toBeGreaterThan(10);
    expect([...forced].toSorted()).toEqual(['{"forced":["kv"]}', '{"forced":[]}']);
  });

  it('ends when either of its ports fails', async () => {
    const scenario = defineScenario({
      setup({ system, port, client }) {
        const ports = port('plugins', { stopPlugins: async () => {}, killPlugins: async () => [] as string[] });
        const actor = system.spawn(createHostLogic(ports), { name: 'host', input: {} });
        client('operator', (me) => me.tell(actor, { type: 'host.stop', deadlineMs: 100 }));
        return actor;
      },
      check: (actor) => actor.snapshot().status === 'done',
    });

    const result = await explore(scenario, { ...raceSize(600), faults: { portFailure: 2 } });

    expect(result.distinct).toBeGreaterThan(3);
  });
});
