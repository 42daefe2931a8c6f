import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readFirstLine } from '../../src/transport/process/index.ts';
import type { HostOrder } from '../host/fixtures/host-process.ts';
import { childEnv, nodeCommand, waitFor } from '../host/support.ts';
import { isAlive, killAtEnd } from '../transport/process/support.ts';

// The time in which everything is to be gone.
const LIMIT_MS = 2_000;

describe.skipIf(process.platform !== 'linux')('a plugin whose host is killed with SIGKILL', () => {
  it.each([
    ['idle', 'auto'],
    ['busy', 'auto'],
    ['idle', 'reaper'],
    ['busy', 'reaper'],
    // With nothing but the look that the plugin itself takes at its parent.
    ['idle', 'none'],
  ] as const)('is gone within 2 s: %s, mode %s', async (state, parentDeath) => {
    const { hostPid, pluginPid } = await startHost(parentDeath, state === 'busy');
    expect(isAlive(pluginPid)).toBe(true);

    process.kill(hostPid, 'SIGKILL');

    await waitFor('the plugin is gone', () => !isAlive(pluginPid), LIMIT_MS);
  });
});

// Helpers

async function startHost(
  parentDeath: HostOrder['parentDeath'],
  busy: boolean,
): Promise<{ hostPid: number; pluginPid: number }> {
  const temporaryRoot = mkdtempSync('/tmp/th-');
  onTestFinished(() => rmSync(temporaryRoot, { recursive: true }));
  const { command, args } = nodeCommand('host-process', {
    parentDeath,
    busy,
    temporaryRoot,
    env: childEnv(),
  } satisfies HostOrder);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
  });
  const pluginPid = Number(await readFirstLine(child.stdout));
  killAtEnd(pluginPid);
  return { hostPid: child.pid ?? 0, pluginPid };
}
