import { RuntimeError } from '../../src/errors/index.ts';
import type {
  ConnectionBroker,
  PlacedPlugin,
  Placement,
  PlacementReport,
  PluginConnection,
  ProcessExit,
} from '../../src/ports/index.ts';

/** What a fake can be asked to do. */
export type Step = 'place' | 'handshake' | 'connect' | 'probe' | 'checkHealth' | 'requestShutdown' | 'cleanUp';

/** How a step ends: at once, when the test says so, or with an error. */
export type Answer = 'ok' | 'hang' | Error;

/** How fakes behave. May be changed at any time; steps that are under way stay as they are. */
export interface Script {
  answers: Record<Step, Answer>;
  /** Which of the three ways to end an instance work. */
  obeys: { shutdown: boolean; terminate: boolean; kill: boolean };
  stderrTail: readonly string[];
}

/** A placement without processes, for tests in virtual time. */
export interface FakePlacement extends Placement {
  readonly script: Script;
  /** Instances in the order in which they were placed. */
  readonly instances: readonly FakeInstance[];
  /** Times that `place` was called. */
  readonly places: number;
  /** Calls of `place` that have not settled. */
  readonly placing: number;
  /** Most instances that ran at the same time. */
  readonly mostRunning: number;
  /** The newest instance; throws when there is none. */
  readonly newest: FakeInstance;
  /** Settles the calls of `place` that hang. */
  settlePlace(answer: Exclude<Answer, 'hang'>): void;
}

/** One instance, which runs until it exits. */
export interface FakeInstance extends PlacedPlugin {
  readonly launch: number;
  readonly running: boolean;
  /** What was asked of it, in order. */
  readonly calls: readonly string[];
  /** The steps that hang. */
  readonly pending: ReadonlySet<Step>;
  /** Ends by itself, or as the test wants. Only the first exit counts. */
  exit(exit?: Partial<ProcessExit>): void;
  /** Settles a step that hangs. */
  settle(step: Step, answer: Exclude<Answer, 'hang'>): void;
}

/** A connection that can be told from others, and nothing else. */
export function fakeConnection(): PluginConnection {
  const unused = (): never => {
    throw new RuntimeError('UNIMPLEMENTED', 'a fake connection carries no calls');
  };
  return {
    peer: { fingerprint: undefined },
    unary: unused,
    serverStream: unused,
    clientStream: unused,
    bidiStream: unused,
    close: () => {},
  };
}

/** Creates a placement whose instances start at once, stay healthy, and exit when they are asked to. */
export function createFakePlacement(
  script: { answers?: Partial<Script['answers']>; obeys?: Partial<Script['obeys']> } = {},
): FakePlacement {
  return new Fakes({
    answers: {
      place: 'ok',
      handshake: 'ok',
      connect: 'ok',
      probe: 'ok',
      checkHealth: 'ok',
      requestShutdown: 'ok',
      cleanUp: 'ok',
      ...script.answers,
    },
    obeys: { shutdown: true, terminate: true, kill: true, ...script.obeys },
    stderrTail: ['last words'],
  });
}

class Fakes implements FakePlacement {
  readonly script: Script;
  readonly instances: Fake[] = [];
  places = 0;
  mostRunning = 0;
  readonly #hanging = new Set<(answer: Answer) => void>();

  constructor(script: Script) {
    this.script = script;
  }

  get placing(): number {
    return this.#hanging.size;
  }

  get newest(): Fake {
    const newest = this.instances.at(-1);
    if (newest === undefined) throw new Error('nothing was placed');
    return newest;
  }

  async place(launch: number): Promise<PlacedPlugin> {
    this.places++;
    let answer = this.script.answers.place;
    if (answer === 'hang') {
      answer = await new Promise<Answer>((resolve) => {
        const settle = (given: Answer): void => {
          this.#hanging.delete(settle);
          resolve(given);
        };
        this.#hanging.add(settle);
      });
    }
    if (answer instanceof Error) throw answer;
    const instance = new Fake(launch, this.script);
    this.instances.push(instance);
    this.mostRunning = Math.max(this.mostRunning, this.instances.filter(({ running }) => running).length);
    return instance;
  }

  settlePlace(answer: Exclude<Answer, 'hang'>): void {
    for (const settle of this.#hanging) settle(answer);
  }
}

class Fake implements FakeInstance {
  readonly launch: number;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly calls: string[] = [];
  running = true;
  readonly #script: Script;
  readonly #hanging = new Map<Step, (answer: Answer) => void>();
  readonly #connection = fakeConnection();
  #resolveExit: (exit: ProcessExit) => void = () => {};
  #cleaned: Promise<PlacementReport> | undefined;

  constructor(launch: number, script: Script) {
    this.launch = launch;
    this.pid = 1000 + launch;
    this.#script = script;
    this.exited = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
  }

  get pending(): ReadonlySet<Step> {
    return new Set(this.#hanging.keys());
  }

  exit({ code = null, signal = null }: Partial<ProcessExit> = { code: 0 }): void {
    this.running = false;
    this.#resolveExit({ code, signal });
  }

  settle(step: Step, answer: Exclude<Answer, 'hang'>): void {
    const settle = this.#hanging.get(step);
    if (settle === undefined) throw new Error(`"${step}" does not hang`);
    settle(answer);
  }

  async handshake(signal: AbortSignal): Promise<{ readonly version: number }> {
    await this.#take('handshake', signal);
    return { version: 1 };
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#take('connect', signal);
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#take('probe', signal);
  }

  connection(): PluginConnection {
    return this.#connection;
  }

  broker(): ConnectionBroker {
    throw new RuntimeError('UNIMPLEMENTED', 'a fake has no broker');
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#take('checkHealth', signal);
  }

  async requestShutdown(signal: AbortSignal): Promise<void> {
    await this.#take('requestShutdown', signal);
    if (this.#script.obeys.shutdown) this.exit({ code: 0 });
  }

  terminate(): void {
    this.calls.push('terminate');
    if (this.#script.obeys.terminate) this.exit({ signal: 'SIGTERM' });
  }

  kill(): void {
    this.calls.push('kill');
    if (this.#script.obeys.kill) this.exit({ signal: 'SIGKILL' });
  }

  cleanUp(): Promise<PlacementReport> {
    this.#cleaned ??= this.#take('cleanUp').then(() => ({ stderrTail: this.#script.stderrTail }));
    return this.#cleaned;
  }

  async #take(step: Step, signal?: AbortSignal): Promise<void> {
    this.calls.push(step);
    const scripted = this.#script.answers[step];
    const answer = scripted === 'hang' ? await this.#hang(step, signal) : scripted;
    if (answer instanceof Error) throw answer;
  }

  /** Waits for the test, or for the signal, as placements must. */
  #hang(step: Step, signal: AbortSignal | undefined): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        this.#hanging.delete(step);
        signal?.removeEventListener('abort', giveUp);
        resolve(answer);
      };
      const giveUp = (): void => settle(new RuntimeError('CANCELLED', `"${step}" was given up`));
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#hanging.set(step, settle);
    });
  }
}
