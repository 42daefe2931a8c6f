// How large a test run is: `gate` on every change, `full` before a release, `soak` over night.
//
// Invariants:
//   Z1. A gate run is the same every time: its seed is fixed.
//   Z2. Every process of one run sees the same seed and the same size.

/** The three sizes of a test run. */
export type TestSize = 'gate' | 'full' | 'soak';

/** What the tests of one run go by. */
export interface TestScale {
  readonly size: TestSize;
  /** Seed of everything random. */
  readonly seed: number;
  /** How many cases a property tries. */
  readonly runs: number;
  /** Multiplies counts in tests that repeat something: 1 in `gate`. */
  readonly factor: number;
  /** Time one property test may take, in milliseconds. */
  readonly propertyTimeoutMs: number;
}

const GATE_SEED = 20_250_731;

const SIZES = {
  gate: { runs: 100, factor: 1, propertyTimeoutMs: 20_000 },
  full: { runs: 1_000, factor: 10, propertyTimeoutMs: 300_000 },
  soak: { runs: 20_000, factor: 100, propertyTimeoutMs: 3_600_000 },
} as const satisfies Record<TestSize, Omit<TestScale, 'size' | 'seed'>>;

/** Environment variables that carry the scale to the processes of a run. */
export interface ScaleEnvironment {
  [name: string]: string;
  TROUPE_TEST_SIZE: TestSize;
  FC_SEED: string;
  FC_RUNS: string;
  TROUPE_PROPERTY_TIMEOUT_MS: string;
}

/**
 * The scale of the run that this process belongs to. `TROUPE_TEST_SIZE` names the size (default `gate`), `FC_SEED` and
 * `FC_RUNS` override it. Throws when the size is unknown.
 */
export function testScale(env: Readonly<Record<string, string | undefined>> = process.env): TestScale {
  const size = env['TROUPE_TEST_SIZE'] || 'gate';
  if (!isSize(size)) throw new Error(`TROUPE_TEST_SIZE is "${size}"; it must be gate, full or soak`);
  const scale = SIZES[size];
  return {
    size,
    seed: wholeNumber('FC_SEED', env) ?? (size === 'gate' ? GATE_SEED : randomSeed()),
    runs: wholeNumber('FC_RUNS', env) ?? scale.runs,
    factor: scale.factor,
    propertyTimeoutMs: scale.propertyTimeoutMs,
  };
}

/**
 * Settles the scale once for a whole run: returns the variables for the test processes, and writes them into `env` too,
 * so that a second reading agrees (Z2). Takes the variables of the go-plugin handshake out of `env`: a run that is
 * itself started by a plugin host must not look like a plugin to the code under test.
 */
export function prepareEnvironment(env: NodeJS.ProcessEnv): ScaleEnvironment {
  const scale = testScale(env);
  for (const name of Object.keys(env)) if (name.startsWith('PLUGIN_')) delete env[name];
  const variables: ScaleEnvironment = {
    TROUPE_TEST_SIZE: scale.size,
    FC_SEED: String(scale.seed),
    FC_RUNS: String(scale.runs),
    TROUPE_PROPERTY_TIMEOUT_MS: String(scale.propertyTimeoutMs),
  };
  Object.assign(env, variables);
  return variables;
}

function isSize(value: string): value is TestSize {
  return Object.hasOwn(SIZES, value);
}

function wholeNumber(name: string, env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`${name} is "${text}"; it must be a whole number`);
  return value;
}

function randomSeed(): number {
  return Math.floor(Math.random() * 0x7fff_ffff);
}
