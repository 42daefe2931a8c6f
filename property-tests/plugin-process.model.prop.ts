import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import type { CrashPort } from '../src/ports/index.ts';
import { createFakePlacement } from '../test/actors/fake-placement.ts';
import { startPlugin } from '../test/actors/plugin-process.harness.ts';
import type { Harness } from '../test/actors/plugin-process.harness.ts';
import { testScale } from '../test/setup/size.ts';

/**
 * The life of a plugin as its user sees it. Stops are obeyed at once here, so that only starting, waiting and being
 * ready take time.
 */
class Model {
  phase = 'spawning';
  launches = 1;
  attempt = 0;
  crashes = 0;
  wasReady = false;
  isToStop = false;
  now = 0;
  due = NEVER;

  enter(phase: string, forMs = NEVER): void {
    [this.phase, this.due] = [phase, this.now + forMs];
    if (phase === 'spawning') this.launches++;
    if (phase === 'ready') this.wasReady = true;
  }
  complete(): void {
    if (this.isToStop) this.enter('dead');
    else if (this.phase === 'spawning') this.enter('handshaking', 60_000);
    else if (this.phase === 'probing') this.enter('ready', 10_000);
    else this.phase = this.phase === 'handshaking' ? 'connecting' : 'probing';
  }
  fail(): void {
    if (!this.wasReady || this.isToStop) return this.enter('dead');
    [this.attempt, this.crashes] = [this.attempt + 1, this.crashes + 1];
    if (this.crashes >= 3) this.enter('quarantined');
    else this.enter('backingOff', Math.min(60_000, 1_000 * 2 ** (this.attempt - 1)));
  }
  pass(ms: number): void {
    const end = this.now + ms;
    for (; this.due <= end; this.fire()) [this.now, this.due] = [this.due, NEVER];
    this.now = end;
  }
  fire(): void {
    if (this.phase === 'ready') this.attempt = 0;
    else if (this.phase === 'backingOff') this.enter('spawning');
    else this.fail();
  }
}

const NEVER = Number.POSITIVE_INFINITY;

interface Real extends Harness {
  readonly crashes: CrashPort;
}

const STEPS = { handshaking: 'handshake', connecting: 'connect', probing: 'probe' } as const;
/** What the sequences must have done, or else the property says little. */
const MUST_BE_SEEN = [
  ...['spawning', 'handshaking', 'connecting', 'probing', 'ready', 'backingOff', 'quarantined', 'dead'].map(
    (phase) => `Pass while ${phase}`,
  ),
  ...['spawning', 'handshaking', 'ready', 'backingOff', 'quarantined'].map((phase) => `Restart while ${phase}`),
  ...['spawning', 'ready', 'backingOff'].map((phase) => `Stop while ${phase}`),
  ...['spawning', 'ready', 'backingOff'].map((phase) => `Kill while ${phase}`),
  ...['ready', 'backingOff', 'quarantined'].map((phase) => `Reset while ${phase}`),
  'Crash while ready',
  'ExitEarly while handshaking',
  'Fail while spawning',
];
const seen = new Set<string>();

abstract class Command implements fc.AsyncCommand<Model, Real> {
  check(_model: Readonly<Model>): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    seen.add(`${this.constructor.name} while ${model.phase}`);
    this.change(model);
    await this.act(real);
    await real.pass(0);
    expectAgreement(model, real);
  }
  toString(): string {
    return this.constructor.name;
  }
  abstract change(model: Model): void;
  abstract act(real: Real): Promise<void> | void;
}

class Pass extends Command {
  readonly #ms: number;
  constructor(ms: number) {
    super();
    this.#ms = ms;
  }
  change(model: Model): void {
    model.pass(this.#ms);
  }
  act(real: Real): Promise<void> {
    return real.pass(this.#ms);
  }
  override toString(): string {
    return `Pass(${this.#ms})`;
  }
}

/** Steps of the start succeed, up to four of them. */
class Complete extends Command {
  readonly #steps: number;
  constructor(steps: number) {
    super();
    this.#steps = steps;
  }
  override check({ phase }: Model): boolean {
    return isStarting(phase);
  }
  change(model: Model): void {
    for (let step = 0; step < this.#steps && isStarting(model.phase); step++) model.complete();
  }
  async act(real: Real): Promise<void> {
    for (let step = 0; step < this.#steps && isStarting(real.state); step++) {
      settle(real, 'ok');
      await real.pass(0);
    }
  }
  override toString(): string {
    return `Complete(${this.#steps})`;
  }
}

/** The step under way fails. */
class Fail extends Command {
  override check({ phase }: Model): boolean {
    return isStarting(phase);
  }
  change(model: Model): void {
    model.fail();
  }
  act(real: Real): void {
    settle(real, new Error('no luck'));
  }
}

/** The process ends by itself while it is ready. */
class Crash extends Command {
  override check({ phase }: Model): boolean {
    return phase === 'ready';
  }
  change(model: Model): void {
    model.fail();
  }
  act({ placement }: Real): void {
    placement.newest.exit({ code: 1 });
  }
}

/** The process ends by itself before that. */
class ExitEarly extends Crash {
  override check({ phase }: Model): boolean {
    return phase in STEPS;
  }
}

class Stop extends Command {
  change(model: Model): void {
    if (model.phase === 'spawning') model.isToStop = true;
    else model.enter('dead');
  }
  act(real: Real): Promise<void> {
    return real.tell('stop');
  }
}

class Kill extends Stop {
  override act(real: Real): Promise<void> {
    return real.tell('kill');
  }
}

class Restart extends Command {
  change(model: Model): void {
    if (!['spawning', 'quarantined', 'dead'].includes(model.phase)) model.enter('spawning');
  }
  act(real: Real): Promise<void> {
    return real.tell('restart');
  }
}

class Reset extends Command {
  change(model: Model): void {
    model.crashes = 0;
    if (!['backingOff', 'quarantined'].includes(model.phase)) return;
    model.attempt = 0;
    model.enter('spawning');
  }
  async act(real: Real): Promise<void> {
    await real.crashes.reset('kv');
    await real.tell('reset');
  }
}

afterAll(() => {
  // A run that repeats one counterexample cannot see them all.
  if (testScale().runs < 100) return;
  expect([...seen.keys()]).toEqual(expect.arrayContaining(MUST_BE_SEEN));
});

describe('the plugin process actor', () => {
  // Three times the usual number, because many lives are short.
  test.prop([commands(), fc.boolean()], { numRuns: 3 * testScale().runs })(
    'agrees with its model after each command, and leaves nothing behind',
    async (sequence, byForce) => {
      await fc.asyncModelRun(() => ({ model: new Model(), real: start() }), [...sequence, new End(byForce)]);
    },
  );
});

/** Brings every life to its end, by a command or by force (E1), and looks for what is left. */
class End extends Command {
  readonly #byForce: boolean;
  constructor(byForce: boolean) {
    super();
    this.#byForce = byForce;
  }
  override async run(_model: Model, { actor, system, placement, environment, pass, tell }: Real): Promise<void> {
    await (this.#byForce ? system.stop() : tell('stop'));
    placement.settlePlace('ok');
    await actor.ended;
    await pass(0);

    expect(placement.instances.filter(({ running, calls }) => running || !isCleanedOnce(calls))).toEqual([]);
    expect([environment.clock.pending, system.actors(), actor.tell({ type: 'plugin.stop' }).accepted]).toEqual([
      0,
      [],
      false,
    ]);
  }
  change(): void {}
  act(): void {}
}

// Helpers

function commands(): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Real>>> {
  const passing = fc.constantFrom(0, 1, 999, 1_000, 5_000, 9_999, 10_000, 59_999, 60_000).map((ms) => new Pass(ms));
  const completing = fc.constantFrom(1, 2, 3, 4, 4, 4).map((steps) => new Complete(steps));
  const some = (count: number, command: Command) => Array.from({ length: count }, () => fc.constant(command));
  // `commands` chooses evenly, so what is wanted often is there several times. Whatever ends the life is rare.
  return fc.commands(
    [
      ...Array.from({ length: 16 }, () => passing),
      ...Array.from({ length: 24 }, () => completing),
      ...some(12, new Crash()),
      ...some(4, new Restart()),
      ...some(4, new Reset()),
      ...some(1, new Fail()),
      ...some(1, new ExitEarly()),
      ...some(1, new Stop()),
      ...some(1, new Kill()),
    ],
    { maxCommands: 100, size: 'max' },
  );
}

function isStarting(phase: string): boolean {
  return phase === 'spawning' || phase in STEPS;
}

function start(): Real {
  let count = 0;
  const crashes: CrashPort = {
    report: async () => (++count >= 3 ? 'quarantine' : 'restart'),
    reset: async () => void (count = 0),
  };
  const hangs = { place: 'hang', handshake: 'hang', connect: 'hang', probe: 'hang' } as const;
  const harness = startPlugin({ placement: createFakePlacement({ answers: hangs }), crashes: () => crashes });
  return Object.assign(harness, { crashes });
}

function settle({ placement, state }: Real, answer: 'ok' | Error): void {
  if (state === 'spawning') placement.settlePlace(answer);
  else placement.newest.settle(STEPS[state as keyof typeof STEPS], answer);
}

function expectAgreement(model: Model, { actor, placement, admission, state, facts }: Real): void {
  const { launches, starts, attempt } = actor.snapshot().context;
  expect({ state, launches, attempt }).toEqual({
    state: model.phase,
    launches: model.launches,
    attempt: model.attempt,
  });

  expect(placement.mostRunning).toBeLessThanOrEqual(1);
  expect(placement.places).toBe(launches);
  expect(admission.connection !== undefined).toBe(state === 'ready');
  expect(admission.opened).toBe(starts);
  expect(facts.filter((type) => type === 'plugin.ready')).toHaveLength(starts);
  const over = placement.instances.filter(({ running }) => !running);
  expect(over.filter(({ calls }) => !isCleanedOnce(calls))).toEqual([]);
  expect(facts.map((type) => LETTERS[type as keyof typeof LETTERS]).join('')).toMatch(/^(SR?(F[BQ])?)*(F?D)?$/);
}

const LETTERS = {
  'plugin.starting': 'S',
  'plugin.ready': 'R',
  'plugin.failed': 'F',
  'plugin.backingOff': 'B',
  'plugin.quarantined': 'Q',
  'plugin.dead': 'D',
} as const;

function isCleanedOnce(calls: readonly string[]): boolean {
  return calls.filter((call) => call === 'cleanUp').length === 1;
}
