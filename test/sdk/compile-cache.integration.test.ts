import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHost } from '../../src/host/index.ts';
import type { LaunchOptions } from '../../src/host/index.ts';
import { TS_PLUGIN } from '../interop/support.ts';
import { launchPeer } from '../interop/launch.ts';
import type { PeerPlugin } from '../interop/launch.ts';

describe('the compile cache of a plugin that was not built', () => {
  it('is written soon after the first answer, so that SIGKILL does not lose it', async () => {
    const cache = join(temporaryDirectory(), 'compiled');
    const plugin = await launch({ compileCache: cache });

    await expect.poll(() => filesIn(cache), { timeout: 10_000 }).toBeGreaterThan(50);
    await plugin.kill();

    const before = filesIn(cache);
    await (await launch({ compileCache: cache })).kill();
    expect(filesIn(cache)).toBe(before);
  });

  it('is in the cache directory of the user unless that is said otherwise', async () => {
    const home = temporaryDirectory();
    withVariable('XDG_CACHE_HOME', home);

    const plugin = await launch({});
    await expect.poll(() => filesIn(join(home, 'troupe/compiled')), { timeout: 10_000 }).toBeGreaterThan(50);
    await plugin.kill();
  });

  it.each<[string, Partial<LaunchOptions>]>([
    ['is switched off', { compileCache: 'off' }],
    ['measures its coverage', { env: { NODE_V8_COVERAGE: '' } }],
    ['has a cache of its own', { env: { NODE_COMPILE_CACHE: '' } }],
    ['is not started by the Node.js of the host', { command: '/usr/bin/env', args: [...TS_PLUGIN] }],
  ])('is not there for one that %s', async (_, options) => {
    const home = temporaryDirectory();
    withVariable('XDG_CACHE_HOME', home);

    const plugin = await launch(options);
    await plugin.stop();

    expect(readdirSync(home)).toEqual([]);
  });
});

// Helpers

async function launch(options: Partial<LaunchOptions>): Promise<PeerPlugin> {
  const host = createHost();
  onTestFinished(async () => void (await host.stop()));
  const [command, ...args] = TS_PLUGIN;
  return launchPeer(host, { command, args, ...options });
}

function filesIn(cache: string): number {
  try {
    return readdirSync(cache, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;
  } catch {
    return 0; // not made yet
  }
}

function withVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'home-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}
