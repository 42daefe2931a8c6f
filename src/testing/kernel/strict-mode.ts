// Catches code under test that reads time or randomness past its environment: such a schedule cannot be repeated.
//
// Trapped are the globals Date, Math.random, setTimeout, setInterval, setImmediate, performance.now and crypto, and of
// node:crypto randomUUID and randomBytes. Modules node:timers, node:perf_hooks and process.hrtime are out of reach.
//
// Invariants:
//   S1. Globals are back in place when the exploration ends, however it ends, and between schedules traps let pass.
//   S2. XState's own reads get answers that are the same in every run; they are no finding.
//   S3. What belongs to the test runner or to Node.js itself gets the real thing.

import nodeCrypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { RuntimeError } from '../../errors/index.ts';

/** Who is asked while a schedule runs. */
export interface StrictWatcher {
  /** Wall-clock time of the schedule. */
  now(): number;
  /** Something read real time or randomness. */
  found(error: RuntimeError): void;
  /** XState found nobody to tell of an error. */
  unhandled(error: unknown): void;
}

/** The traps of one exploration. */
export interface StrictTraps {
  /** Arms the traps for one schedule, or disarms them. */
  arm(watcher: StrictWatcher | undefined): void;
  /** Calls XState code whose reads of time are known and harmless. */
  trusted<Result>(run: () => Result): Result;
  /** Puts everything back. */
  remove(): void;
}

const RUNNER = /node_modules\/(vitest|@vitest|vite|fast-check|@fast-check|tinypool|chai)\//;
const XSTATE = /node_modules\/xstate\//;
const STACK_FRAMES = 12;

/** Whose call it is: someone's who may have the real thing, or XState's. What is neither never returns. */
type Caller = 'real' | 'xstate';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts the traps in; they let everything pass until they are armed. */
export function installTraps(): StrictTraps {
  const traps = new Traps();
  const random = traps.take(Math, 'random');
  traps.put(Math, 'random', () => (traps.judge('Math.random') === 'xstate' ? HALF : random()));
  const timeout = traps.take(globalThis, 'setTimeout');
  traps.put(globalThis, 'setTimeout', (...args) => {
    return traps.judge('setTimeout') === 'real' ? timeout(...args) : traps.runUnhandled(args[0]);
  });
  traps.put(globalThis, 'Date', traps.trappedDate());
  for (const name of ['setInterval', 'setImmediate']) traps.trap(globalThis, name, name);
  const { crypto } = globalThis;
  traps.trap(Reflect.get(globalThis, 'performance') as object, 'now', 'performance.now');
  for (const name of ['randomUUID', 'getRandomValues']) traps.trap(crypto, name, `crypto.${name}`);
  for (const name of ['randomUUID', 'randomBytes']) traps.trap(nodeCrypto, name, `crypto.${name}`);
  syncBuiltinESMExports();
  return traps;
}

/** What XState gets for a random number. */
const HALF = 0.5;

class Traps implements StrictTraps {
  #watcher: StrictWatcher | undefined;
  #trust = 0;
  readonly #undo: (() => void)[] = [];

  arm(watcher: StrictWatcher | undefined): void {
    this.#watcher = watcher;
  }

  trusted<Result>(run: () => Result): Result {
    this.#trust++;
    try {
      return run();
    } finally {
      this.#trust--;
    }
  }

  remove(): void {
    this.#watcher = undefined;
    for (const restore of this.#undo.splice(0).reverse()) restore();
    syncBuiltinESMExports();
  }

  /** Whose call it is. Throws, and tells the watcher, when it is that of code under test. */
  judge(name: string): Caller {
    const watcher = this.#watcher;
    if (watcher === undefined) return 'real';
    if (this.#trust > 0) return 'xstate';
    const stack = stackOfCaller();
    const [caller = ''] = stack;
    if (RUNNER.test(caller) || caller.includes('node:')) return 'real';
    if (XSTATE.test(caller)) return 'xstate';
    const error = new RuntimeError('ENVIRONMENT_BYPASSED', `${name} was called ${caller}`, {
      details: { name, stack },
    });
    watcher.found(error);
    throw error;
  }

  /** The method as it is, bound to where it is. */
  take(target: object, key: string): Method {
    const method = Reflect.get(target, key) as Method;
    return (...args) => Reflect.apply(method, target, args);
  }

  /** Passes on what may have the real thing. */
  trap(target: object, key: string, name: string): void {
    const real = this.take(target, key);
    this.put(target, key, (...args) => {
      this.judge(name);
      return real(...args);
    });
  }

  put(target: object, key: string, value: Method | object): void {
    const original = Object.getOwnPropertyDescriptor(target, key);
    const enumerable = original?.enumerable ?? true;
    Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable });
    this.#undo.push(() => {
      if (original === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, original);
    });
  }

  /** A proxy, so that `instanceof` and the dates that are given go on to work. */
  trappedDate(): object {
    const RealDate = globalThis.Date;
    const realNow = this.take(RealDate, 'now');
    const now = (): unknown => (this.judge('Date.now') === 'xstate' ? (this.#watcher?.now() ?? 0) : realNow());
    return new Proxy(RealDate, {
      get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
      construct: (target, args: unknown[], wanted) => {
        if (args.length === 0) this.judge('new Date()');
        return Reflect.construct(target, args, wanted) as Date;
      },
      apply: (target) => {
        this.judge('Date()');
        return Reflect.apply(target, undefined, []);
      },
    });
  }

  /** XState throws in a timer what nobody listens for. */
  runUnhandled(callback: unknown): undefined {
    try {
      (callback as () => void)();
    } catch (error) {
      this.#watcher?.unhandled(error);
    }
  }
}

/** The stack from the frame that called the trapped function. */
function stackOfCaller(): readonly string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_FRAMES;
  const { stack = '' } = new RuntimeError('INTERNAL', 'where');
  Error.stackTraceLimit = stackTraceLimit;
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return frames.filter((frame) => !OWN.test(frame)).map((frame) => frame.trim());
}

const OWN = /strict-mode\.[jt]s/;
