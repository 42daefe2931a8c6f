// Whether promises are at work: only then does a schedule wait for a turn of the event loop.
//
// Invariants:
//   Y1. A step that creates or settles a promise of this realm is noticed. Where V8's hooks notice nothing, for instance
//       because code runs in a realm of its own, every step counts as one that did.
//   Y2. The hooks are off whenever nobody explores: they cost time for every promise of the process.

import { setImmediate } from 'node:timers';
import { promiseHooks } from 'node:v8';

const soon = setImmediate;

/** Tells whether promises were at work. */
export interface AsyncActivity {
  /** Whether a promise was created or settled, or a microtask queued, since the last call. */
  take(): boolean;
  /** Takes the hooks out. */
  stop(): void;
}

/** Starts to watch the promises of the process. */
export function watchPromises(): AsyncActivity {
  let isActive = false;
  const note = (): void => void (isActive = true);
  const stopInit = promiseHooks.onInit(note) as () => void;
  const stopSettled = promiseHooks.onSettled(note) as () => void;
  const { queueMicrotask: original } = globalThis;
  const noting: typeof queueMicrotask = (callback) => {
    isActive = true;
    original(callback);
  };
  globalThis.queueMicrotask = noting;
  void Promise.resolve();
  const isBlind = !isActive;
  isActive = false;
  return {
    take() {
      const was = isActive;
      isActive = isBlind;
      return was || isBlind;
    },
    stop() {
      stopInit();
      stopSettled();
      if (globalThis.queueMicrotask === noting) globalThis.queueMicrotask = original;
    },
  };
}

/** A turn of the event loop: every microtask that is queued by then has run, and those that these queue. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise<void>((resolve) => void soon(resolve));
}
