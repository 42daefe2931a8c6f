// Ports of a scenario: what their promises settle with is held until the schedule lets it through.
//
// Invariants:
//   P1. Calls of one port are named by method and number, so that they have the same names in every run.
//   P2. A call takes effect when it is made, and only its reply is held. Methods in `failsBefore` take effect when they
//       are chosen, as long as calls may fail: then a failed call has had no effect.
//   P3. A promise that is a property is held too, and never fails: nobody calls it.

import { RuntimeError } from '../../errors/index.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import type { Agenda } from './agenda.ts';
import { Pending } from './pending.ts';

/** How the calls of a port are held. */
export interface PortOptions {
  /** Methods that return promises and, when a fault lets them fail, fail without having done anything. */
  readonly failsBefore?: readonly string[] | undefined;
}

/** The result of a call, or the call itself, until it is let through. @internal */
export class HeldReply extends Pending {
  readonly eligible = true;
  readonly name: string;
  /** Whether a fault may let it fail. */
  readonly canFail: boolean;
  readonly #pass: () => void;
  readonly #fail: ((error: RuntimeError) => void) | undefined;
  readonly #agenda: Agenda;

  /** @param fail undefined where a failure would come too late */
  constructor(name: string, agenda: Agenda, pass: () => void, fail: ((error: RuntimeError) => void) | undefined) {
    super(`port:${name}`, 'port');
    this.name = name;
    this.#agenda = agenda;
    this.#pass = pass;
    this.#fail = fail;
    this.canFail = fail !== undefined;
    this.order = agenda.nextOrder();
    agenda.add(this);
  }

  happen(): void {
    this.#agenda.remove(this);
    this.#pass();
  }

  fail(): void {
    this.#agenda.remove(this);
    this.#fail?.(new RuntimeError('UNAVAILABLE', `${this.name} failed: a fault of the schedule`));
  }

  describe(): TraceStep {
    const [port = this.name] = this.name.split('.');
    return { from: port, to: port, event: `${this.name} settles` };
  }
}

/** The ports of one schedule. @internal */
export class Ports {
  readonly #agenda: Agenda;
  readonly #mayFail: boolean;
  readonly #calls = new Map<string, number>();
  /** Calls that have not been let through, by name. */
  readonly open = new Set<string>();

  constructor(agenda: Agenda, mayFail: boolean) {
    this.#agenda = agenda;
    this.#mayFail = mayFail;
  }

  wrap<Port extends object>(name: string, port: Port, { failsBefore = [] }: PortOptions = {}): Port {
    const promises = new WeakMap<object, Promise<unknown>>();
    return new Proxy(port, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof property === 'symbol') return value;
        const call = `${name}.${property}`;
        if (isPromise(value)) {
          const known = promises.get(value) ?? this.#hold(this.#numbered(call), value, false);
          promises.set(value, known);
          return known;
        }
        if (typeof value !== 'function') return value;
        const later = this.#mayFail && failsBefore.includes(property);
        // Methods run on the port itself: a proxy has no private fields.
        const run = (args: unknown[]): unknown => Reflect.apply(value as () => unknown, target, args);
        return (...args: unknown[]) => (later ? this.#call(call, () => run(args)) : this.#passOn(call, run(args)));
      },
    });
  }

  #passOn(call: string, result: unknown): unknown {
    return isPromise(result) ? this.#hold(this.#numbered(call), result) : result;
  }

  /** Holds the call itself, then its result. */
  #call(call: string, run: () => unknown): Promise<unknown> {
    const name = this.#numbered(call);
    this.open.add(name);
    return new Promise((resolve, reject) => {
      const pass = (): void => {
        try {
          const result = run();
          resolve(isPromise(result) ? this.#hold(name, result, false) : this.#settle(name, result));
        } catch (error) {
          this.open.delete(name);
          reject(error as Error);
        }
      };
      new HeldReply(name, this.#agenda, pass, (error) => reject(this.#settle(name, error)));
    });
  }

  #hold(name: string, result: PromiseLike<unknown>, canFail = true): Promise<unknown> {
    this.open.add(name);
    return new Promise((resolve, reject) => {
      const fail = (error: RuntimeError): void => reject(this.#settle(name, error));
      const hold = (pass: () => void): void => void new HeldReply(name, this.#agenda, pass, canFail ? fail : undefined);
      result.then(
        (value) => hold(() => resolve(this.#settle(name, value))),
        (error: unknown) => hold(() => reject(this.#settle(name, error as Error))),
      );
    });
  }

  #settle<Value>(name: string, value: Value): Value {
    this.open.delete(name);
    return value;
  }

  #numbered(call: string): string {
    const number = (this.#calls.get(call) ?? 0) + 1;
    this.#calls.set(call, number);
    return `${call}#${number}`;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
