import { describe, expect, it, onTestFinished } from 'vitest';
import { fromTransition } from 'xstate';
import type { PluginProcessFact, PluginProcessState } from '../../src/machines/index.ts';
import { crashTimes, startPlugin, startReady } from './plugin-process.harness.ts';
import type { Harness } from './plugin-process.harness.ts';

describe('E2: the admission of calls', () => {
  it('is open exactly while the plugin is ready, over a whole life', async () => {
    const plugin = startPlugin();
    const seen = new Map<string, boolean>();
    const wrong: string[] = [];
    plugin.actor.subscribe(() => {
      const isOpen = plugin.admission.connection !== undefined;
      seen.set(plugin.state, isOpen);
      if (isOpen !== (plugin.state === 'ready')) wrong.push(plugin.state);
    });

    await plugin.pass(10_000);
    await plugin.tell('restart');
    await crashTimes(plugin, 5);
    await plugin.tell('reset');
    await plugin.tell('stop');

    expect([wrong, plugin.state, plugin.admission.opened]).toEqual([[], 'dead', 7]);
    expect([...seen.keys()].toSorted()).toEqual([
      'backingOff',
      'connecting',
      'dead',
      'draining',
      'handshaking',
      'killing',
      'probing',
      'quarantined',
      'ready',
      'spawning',
      'stopping',
    ]);
  });

  it('is given the connection of the present process', async () => {
    const plugin = await startReady();
    const first = plugin.admission.connection;

    await plugin.tell('restart');

    expect(first).toBe(plugin.placement.instances[0]?.connection());
    expect(plugin.admission.connection).toBe(plugin.placement.instances[1]?.connection());
  });

  it('is closed when the actor is ended by force', async () => {
    const plugin = await startReady();

    await plugin.system.stop();

    expect(plugin.admission.connection).toBeUndefined();
  });
});

describe('C5: the facts of a plugin process', () => {
  const CRASH = ['plugin.failed', 'plugin.backingOff', 'plugin.starting', 'plugin.ready'];
  const FACTS = [
    'plugin.starting',
    'plugin.ready',
    'plugin.unhealthy',
    'plugin.unhealthy',
    'plugin.unhealthy',
    ...CRASH,
    ...CRASH,
    ...CRASH,
    ...CRASH,
    'plugin.failed',
    'plugin.quarantined',
    'plugin.starting',
    'plugin.ready',
    'plugin.dead',
  ];
  const STATES: Record<PluginProcessFact['type'], readonly PluginProcessState[]> = {
    'plugin.starting': ['spawning'],
    'plugin.ready': ['ready'],
    'plugin.unhealthy': ['ready', 'killing'],
    'plugin.failed': ['backingOff', 'dead'],
    'plugin.backingOff': ['backingOff'],
    'plugin.quarantined': ['quarantined'],
    'plugin.dead': ['dead'],
  };

  it('come in order, and listeners see the state that they tell of', async () => {
    const plugin = await startReady();

    await live(plugin);

    expect(plugin.facts).toEqual(FACTS);
    expect(plugin.heard.filter(({ fact, state }) => !STATES[fact.type].includes(state))).toEqual([]);
  });

  it('do so too while the system is so busy that it lets I/O pass in between', async () => {
    const plugin = startPlugin({ turns: 6 });
    onTestFinished(async () => void (await plugin.system.stop()));
    const again = (): void => void busy.tell({ type: 'again' });
    const busy = plugin.system.spawn(fromTransition(again, undefined), { name: 'busy' });
    again();
    await plugin.pass(0);

    await live(plugin);

    expect(plugin.facts).toEqual(FACTS);
    expect(plugin.heard.filter(({ fact, state }) => !STATES[fact.type].includes(state))).toEqual([]);
  });

  async function live(plugin: Harness): Promise<void> {
    plugin.placement.script.answers.checkHealth = new Error('no answer');
    await plugin.pass(31_000);
    plugin.placement.script.answers.checkHealth = 'ok';
    await crashTimes(plugin, 4);
    await plugin.tell('reset');
    await plugin.tell('stop');
  }
});
