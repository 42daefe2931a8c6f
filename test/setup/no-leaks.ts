// Fails a test file that leaves something open: a child process, a socket, a server, a watcher, a referenced timer, or
// a listener on `process`. Unreferenced timers do not count: they end with the process.

import { createHook } from 'node:async_hooks';
import { afterAll, beforeAll, expect } from 'vitest';

// Types as `process.getActiveResourcesInfo()` names them. Others (file requests, look-ups) end by themselves.
const KINDS = new Set([
  'ProcessWrap',
  'PipeWrap',
  'PipeServerWrap',
  'TCPSocketWrap',
  'TCPServerWrap',
  'UDPWrap',
  'FSEventWrap',
  'MessagePort',
  'Worker',
]);
const PROCESS_EVENTS = ['exit', 'beforeExit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;
// Closing a handle takes some turns of the event loop, and the end of a killed process is told a little later.
const GRACE_MS = 2_000;
// The runner guards the last hook with a timer of its own; by this odd length it is told from those of the tests.
const HOOK_TIMEOUT_MS = 10_007;

// `getActiveResourcesInfo()` counts the test runner's own timers too, so those of the file are followed one by one.
const timers = new Map<number, TimerResource>();
const watch = createHook({
  init: (id, type, _trigger, resource) => void (type === 'Timeout' && timers.set(id, resource)),
  destroy: (id) => void timers.delete(id),
});
// The parts of Node's `Timeout` that tell a live timer from one that fired and waits to be forgotten.
interface TimerResource {
  hasRef?: () => boolean;
  readonly _idleTimeout?: number;
  readonly _destroyed?: boolean;
}
let before: Map<string, number>;

beforeAll(() => {
  before = count();
  watch.enable();
});

afterAll(async () => {
  const end = performance.now() + GRACE_MS;
  while (leaks().length > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  watch.disable();

  expect(leaks(), 'left open by the tests of this file').toEqual([]);
}, HOOK_TIMEOUT_MS);

// Helpers

function leaks(): string[] {
  return [...count()]
    .map(([kind, now]) => ({ kind, more: now - (before.get(kind) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ kind, more }) => `${more} × ${kind}`);
}

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (kind: string, more: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + more);
  for (const kind of process.getActiveResourcesInfo()) if (KINDS.has(kind)) add(kind, 1);
  for (const timer of timers.values()) {
    if (timer._destroyed || timer._idleTimeout === HOOK_TIMEOUT_MS || timer.hasRef?.() !== true) continue;
    add('timer', 1);
  }
  for (const event of PROCESS_EVENTS) add(`process listener "${event}"`, process.listenerCount(event));
  return counts;
}
