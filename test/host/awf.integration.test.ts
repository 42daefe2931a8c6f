import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LaunchOptions, Plugin } from '../../src/host/index.ts';
import { childEnv, failureOf, hostForTest, nodeCommand, waitFor } from './support.ts';

describe('a plugin of the awf protocol', () => {
  it('gets its configuration field by field, as JSON, and is told to shut down', async () => {
    const { journal, launch } = scene();

    const plugin = await launch({ config: { url: 'http://x', retries: 3 } });
    await plugin.stop();

    expect(journal()).toEqual(['config url "http://x"', 'config retries 3', 'shutdown']);
  });

  it('gets 10 events by stream, in order', async () => {
    const { test, journal, launch } = scene();
    await launch({ events: { subscribe: ['work.*'] } });

    for (let index = 0; index < 10; index += 1) test.host.bus.publish({ type: `work.n${index}` });

    await waitFor('10 events', () => journal().length >= 10);
    expect(journal()).toEqual(Array.from({ length: 10 }, (_, index) => `stream work.n${index} ${index + 1}`));
  });

  it('may take its time to dial a host that never answers', async () => {
    const { launch } = scene({ dialMs: 1000 });

    expect((await launch({})).status().state).toBe('ready');
  });

  it('that refuses its configuration is not started', async () => {
    const { launch } = scene();

    expect(await failureOf(launch({ config: { sick: true } }))).toMatchObject({ code: 'INIT_FAILED' });
  });

  it('takes a configuration that is a mapping only', async () => {
    const { launch } = scene();

    const failure = await failureOf(launch({ config: ['a'] }));
    expect(failure).toMatchObject({ code: 'INIT_FAILED' });
    expect(failure.message).toContain('must be a mapping of names to values');
  });

  it('cannot be told by its handshake from one of another protocol, but by its first answer', async () => {
    const { test } = scene();

    const { command, args } = nodeCommand('event-plugin', {});
    const handshake = { cookieKey: 'TROUPE_PLUGIN', cookieValue: '9f1c5d0e-troupe-plugin-v1' };
    const failure = await failureOf(test.host.launch({ command, args, env: childEnv(), contract: 'awf', handshake }));

    expect(failure).toMatchObject({ code: 'PROBE_FAILED' });
    expect(failure.message).toContain('does not speak the protocol of awf');
  });
});

// Helpers

function scene(order: { readonly dialMs?: number } = {}) {
  const test = hostForTest();
  const directory = mkdtempSync('/tmp/tj-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const journal = join(directory, 'journal');
  return {
    test,
    journal: (): string[] => {
      try {
        return readFileSync(journal, 'utf8').split('\n').filter(Boolean);
      } catch {
        return []; // nothing was noted yet
      }
    },
    launch: (options: Partial<LaunchOptions>): Promise<Plugin> =>
      test.host.launch({
        name: 'awf',
        ...nodeCommand('awf-plugin', { journal, ...order }),
        env: childEnv(),
        contract: 'awf',
        ...options,
      }),
  };
}
