// The matrix with hosts in Go and our plugin.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runGoHost } from '../peers/go/run-host.ts';
import type { GoHostOptions, GoHostRun } from '../peers/go/run-host.ts';
import { VERSIONS } from './matrix.ts';
import type { MatrixRow } from './matrix.ts';
import { describeMatrix } from './matrix-suite.ts';
import type { CellContext, MatrixSide } from './matrix-suite.ts';
import type { Command } from './peer-directory.ts';
import { COVERAGE_ENV, TS_PLUGIN } from './support.ts';

/** After this time Go's Kill uses SIGKILL. */
const GO_GRACE_MS = 2_000;
/** One run of the host for all columns that leave the plugin as it is. */
const STEPS = [
  'echo:hello there',
  'kv',
  'ping',
  'download:1000',
  'upload:1000',
  'chat:100',
  'counter:5',
  'counter:7',
  'offer:one',
  'offer:two',
  'print:stdout:printed',
  'print:stderr:complained',
  'stdio:printed',
  'stderr:complained',
  'log:info:careful',
  'logs:careful',
] as const;

/** A run that is over, and what it left in the directory for sockets. */
interface Session extends GoHostRun {
  readonly left: readonly string[];
}

type Context = CellContext<Session>;

const side: MatrixSide<Session> = {
  ours: 'plugin',
  title: 'host in Go, plugin of troupe',
  open: (row, command) => runSteps(row, command, { steps: STEPS }),
  close: async () => {},

  works: {
    start: ['is started with the version agreed, on the network asked for', isStarted],
    unary: [
      'answers, stores, says NOT_FOUND, and is healthy',
      (context) =>
        expectSteps(context, {
          'echo:hello there': expect.objectContaining({ text: 'hello there' }),
          kv: { value: 'value', missing: 'NotFound' },
          ping: { status: 'SERVING' },
        }),
    ],
    download: [
      'sends 1,000 messages in order',
      (context) => expectSteps(context, { 'download:1000': { messages: 1_000, bytes: 4_000 } }),
    ],
    upload: [
      'takes 1,000 messages',
      (context) => expectSteps(context, { 'upload:1000': { messages: 1_000, bytes: 2_000 } }),
    ],
    chat: [
      'answers 100 messages, each before the next is sent',
      (context) => expectSteps(context, { 'chat:100': { messages: 100 } }),
    ],
    callback: [
      'dials the host, twice',
      (context) =>
        expectSteps(context, {
          'counter:5': expect.objectContaining({ sum: 5, callbacks: 1 }),
          'counter:7': expect.objectContaining({ sum: 12, callbacks: 1 }),
        }),
    ],
    offer: [
      'is dialled by the host, twice',
      (context) =>
        expectSteps(context, {
          'offer:one': expect.objectContaining({ text: 'one' }),
          'offer:two': expect.objectContaining({ text: 'two' }),
        }),
    ],
    stdio: [
      'prints to standard output by the stream, to standard error directly',
      (context) =>
        expectSteps(context, {
          'stdio:printed': { stdout: 'printed\n', stderr: '' },
          'stderr:complained': expect.stringContaining('complained\n'),
        }),
    ],
    logs: ['has its entry shown with level, module and time', hasEntryShown],
    shutdown: ['ends in well under the grace of 2 s, with code 0, and leaves nothing', ends],
    crash: ['gives the host the exit code 7, and leaves no socket even then', crashes],
    hang: ['is ended by force when it is frozen', isKilled],
  },

  async refused({ row, command }, by) {
    const run = await runSteps(row, command, { steps: ['stderr'] });
    const [start, stderr] = run.steps;

    expect(start).toMatchObject({ step: 'start', ok: false });
    expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined, done: { exited: true } });
    if (by === 'Go') {
      expect(start?.error).toMatch(/incompatible API version with plugin/i);
    } else {
      expect(stderr?.value).toContain('the plugin listens on tcp and its host uses no mutual TLS');
      expect(run.done).toMatchObject({ exitCode: 1 });
      expect(run.left).toEqual([]);
    }
  },

  lacks: {
    stdio: [
      'prints for a host that does not read the stream, which goes on',
      (context) =>
        expectSteps(context, { 'print:stdout:printed': undefined, 'stdio:printed': 'n/a', kv: expect.anything() }),
    ],
  },
};

describeMatrix(side);

// Helpers

async function runSteps(
  { security, network, outcome }: MatrixRow,
  host: Command,
  options: Pick<GoHostOptions, 'steps' | 'killLimitMs'>,
): Promise<Session> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-i-'));
  const versions = VERSIONS[outcome];
  try {
    const run = await runGoHost({
      host,
      command: TS_PLUGIN,
      autoMtls: security === 'AutoMTLS',
      versions: versions.host,
      directory,
      env: {
        ...COVERAGE_ENV,
        TROUPE_TEST_VERSIONS: versions.plugin.join(','),
        ...(network === 'tcp' ? { TROUPE_PLUGIN_NETWORK: 'tcp' } : {}),
      },
      ...options,
    });
    return { ...run, left: readdirSync(directory) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Holds the values of steps against what is expected; a step that failed shows its error instead. */
async function expectSteps({ session }: Context, expected: Readonly<Record<string, unknown>>): Promise<void> {
  const { steps } = await session();
  const told = Object.keys(expected).map((name) => {
    const step = steps.find((one) => one.step === name);
    return [name, step?.ok === true ? step.value : (step ?? 'never came')];
  });

  expect(Object.fromEntries(told)).toEqual(expected);
}

async function isStarted(context: Context): Promise<void> {
  const { network, outcome } = context.row;
  const { agreed } = VERSIONS[outcome];
  const address = network === 'unix' ? /\/plugin\d+$/ : /^127\.0\.0\.1:(1\d{4}|2[0-5]\d{3})$/;

  await expectSteps(context, {
    start: expect.objectContaining({ version: agreed, network, address: expect.stringMatching(address) }),
    'echo:hello there': expect.objectContaining({ version: agreed }),
  });
}

async function hasEntryShown({ session }: Context): Promise<void> {
  const { steps } = await session();

  const entries = steps.find(({ step }) => step === 'logs:careful')?.value;

  expect(entries).toContainEqual(
    expect.objectContaining({
      '@level': 'info',
      '@message': 'careful',
      '@module': 'peer',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    }),
  );
}

async function ends({ session }: Context): Promise<void> {
  const { done, ...run } = await session();

  expect(done).toMatchObject({ exited: true, forced: false, hung: false, exitCode: 0 });
  expect(done?.killMs).toBeLessThan(GO_GRACE_MS / 2);
  expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined, left: [] });
}

async function crashes({ row, command }: Context): Promise<void> {
  const run = await runSteps(row, command, { steps: ['offer', 'crash:7', 'exited'] });

  expect(run.steps.slice(2)).toMatchObject([
    { ok: false, code: 'Unavailable' },
    { ok: true, value: { exitCode: 7, signal: null } },
  ]);
  expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined, left: [], done: { exited: true } });
}

/** Whether Kill ends it by itself depends on the version of go-plugin: some wait for its answer for ever. */
async function isKilled({ row, command }: Context): Promise<void> {
  const run = await runSteps(row, command, { steps: ['hang:busy:100'], killLimitMs: 500 });

  expect(run.steps[1]).toMatchObject({ code: 'DeadlineExceeded' });
  expect(run.done).toMatchObject({ exited: true, signal: 'killed' });
  expect(run).toMatchObject({ exitCode: 0, stderr: '', orphan: undefined });
}
