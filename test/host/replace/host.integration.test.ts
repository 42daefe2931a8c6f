// Real processes whose versions change: what each of them may, and what is left when something goes wrong in between.

import { describe, expect, it } from 'vitest';
import type { LaunchOptions, Plugin } from '../../../src/host/index.ts';
import { imbalance, viewOf } from '../events/support.ts';
import { factOf, waitFor } from '../support.ts';
import { callAll, callsOf, publishAll, replaceScene } from './support.ts';
import type { ReplaceScene } from './support.ts';

const LIMIT_MS = 60_000;

describe('a new version', { timeout: LIMIT_MS }, () => {
  it('is verified by its health and its operations before it gets a call', async () => {
    const scene = replaceScene();
    const plugin = await launch(scene);
    const staged = await plugin.stage(scene.version());

    const report = await staged.verify();
    const pid = await plugin.operations().execute('where');

    expect(report).toEqual({ operations: ['where'], steps: undefined });
    expect([pid, staged.status().next?.pid === pid]).toEqual([plugin.status().pid, false]);
    await staged.discard();
  });

  it('has the plugin’s name: another one is refused, and nobody else can have it', async () => {
    const scene = replaceScene();
    const plugin = await launch(scene);

    await expect(plugin.stage(scene.version({}, { name: 'other' }))).rejects.toMatchObject({ field: 'name' });
    const staged = await plugin.stage(scene.version());
    await staged.swap();
    await staged.keep();

    await expect(launch(scene)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(scene.test.host.plugin('worker')).toBe(plugin);
  });

  it('emits what it may itself, while the old one still may what it could', async () => {
    const scene = replaceScene();
    const { bus } = scene.test.host;
    const heard: string[] = [];
    bus.on('*.done', ({ type, source }) => void heard.push(`${type} of ${source}`));
    const emits = (answer: string, emit: string): LaunchOptions =>
      scene.version({ answer }, { events: { subscribe: ['work.*'], emit: [emit] } });
    const plugin = await scene.test.host.launch(emits('old.done', 'old.*'));
    const staged = await plugin.stage(emits('new.done', 'new.*'));

    bus.publish({ type: 'work.item', payload: 1 });
    await waitFor('the old one has emitted', () => heard.length === 1);
    await staged.swap();
    bus.publish({ type: 'work.item', payload: 2 });
    await waitFor('the new one has emitted', () => heard.length === 2);
    await staged.revert();
    bus.publish({ type: 'work.item', payload: 3 });
    await waitFor('the old one has emitted again', () => heard.length === 3);

    expect(heard).toEqual(['old.done of worker', 'new.done of worker', 'old.done of worker']);
  });

  it('is given up with the signal of its launch, and leaves no process', async () => {
    const scene = replaceScene();
    const plugin = await launch(scene);
    const abort = new AbortController();

    const staged = plugin.stage({ ...scene.version(), signal: abort.signal });
    abort.abort();

    await expect(staged).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(plugin.status()).toMatchObject({ state: 'ready', replacement: undefined });
  });
});

describe('a new version that fails under load', { timeout: LIMIT_MS }, () => {
  it('is taken back when it is killed: no event is lost, and calls fail only while it was down', async () => {
    const scene = replaceScene();
    const plugin = await launch(scene);
    const view = viewOf(scene.test.host.bus, 'worker');
    const calls = callAll(callsOf(plugin), 16);
    const events = publishAll(scene.test, 1_000);
    const staged = await plugin.stage(scene.version());
    await staged.swap({ revertOnCrash: true });
    const { pid } = plugin.status();

    process.kill(pid ?? 0, 'SIGKILL');
    const { end, error } = await staged.ended;
    await plugin.operations().execute('where');
    const { answered, failed } = await calls.stop();
    const ids = await events.stop();
    await waitFor('all events are settled', () => view.counters.pending === 0);

    expect([end, error?.code]).toEqual(['reverted', 'PLUGIN_CRASHED']);
    const executed = scene.lines('call').map(({ id }) => id);
    expect(executed.length).toBe(new Set(executed).size);
    expect(answered.filter((id) => !executed.includes(id))).toEqual([]);
    expect(failed.map((failure) => (failure as { readonly code: string }).code)).not.toContain('UNKNOWN');
    expect([imbalance(view), view.counters.published, view.counters.dropped]).toEqual([0, ids.length, 0]);
    expect(new Set(scene.lines('event').map(({ id }) => id))).toEqual(new Set(ids));
    await factOf(scene.test, 'plugin.reverted');
  });

  it('leaves nothing when the host is stopped in any phase', async () => {
    const scene = replaceScene();
    const plugin = await launch(scene);
    const calls = callAll(callsOf(plugin), 4);
    const staged = await plugin.stage(scene.version());
    const swap = staged.swap().catch(() => {});

    await scene.test.host.stop();
    await Promise.all([swap, staged.ended, plugin.ended]);
    await calls.stop();

    expect(scene.test.host.plugins()).toEqual([]);
    await expect(plugin.stage(scene.version())).rejects.toMatchObject({ code: 'PLUGIN_STOPPED' });
    await waitFor('nothing is left', () => {
      const { processes, directories, timers } = scene.test.holdings();
      return processes + directories + timers === 0;
    });
  });
});

// Helpers

function launch(scene: ReplaceScene): Promise<Plugin> {
  return scene.test.host.launch(scene.version());
}
