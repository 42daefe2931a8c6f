// From the end of the debounce to the new version serving, against the start of the same plugin by the same host: the real
// loop, watcher, upload, lifecycle and processes, with the store in a file. Probation is another matter: it begins when the
// new version serves.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevLoopLogic } from '../../src/actors/index.ts';
import type { DevLoopPorts } from '../../src/actors/index.ts';
import { createDevPorts } from '../../src/cli/dev/dev-ports.ts';
import { createProcessRunner } from '../../src/cli/dev/process-runner.ts';
import { selfCommand } from '../../src/cli/dev/self-command.ts';
import { createHostClient } from '../../src/cli/dev/upload/host-client.ts';
import { createArtifactStore } from '../../src/host/bundles/index.ts';
import { createDevRoutes, createHost, createLifecycle, openOpsListener } from '../../src/host/index.ts';
import type { Host, Lifecycle } from '../../src/host/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../src/ports/index.ts';
import type { Environment } from '../../src/ports/index.ts';
import { openSqliteStore } from '../../src/stores/index.ts';
import type { BenchScope } from '../harness/benchmark.ts';
import { interleave } from '../harness/interleave.ts';
import { compareRounds } from '../harness/measurement.ts';
import { openWorkshop } from '../plugins/workshop.ts';

const WARM_UP_ROUNDS = 1;
const QUICK_ROUNDS = 10;
const FULL_ROUNDS = 20;
const TOKEN = 'bench';
const NAME = 'reloaded';

/** Measures it when it is wanted. */
export async function measureReload(scope: BenchScope): Promise<void> {
  const metric = 'lifecycle.dev.reload';
  if (!scope.isWanted(metric)) return;
  const workshop = await openWorkshop();
  const root = mkdtempSync(join(tmpdir(), 'troupe-lifecycle-'));
  const closers: Closer[] = [() => rmSync(root, { recursive: true, force: true })];
  try {
    const sides = await openSides(root, workshop.directory, closers);
    const rounds = scope.quick ? QUICK_ROUNDS : FULL_ROUNDS;
    scope.progress(`${metric}: ${rounds} reloads`);
    await interleave(sides, { rounds: WARM_UP_ROUNDS, signal: scope.signal });
    const times = await interleave(sides, { rounds, signal: scope.signal });
    const pairs = times.own.map((own, index) => ({ own, peer: times.peer[index] ?? Number.NaN }));
    scope.report({ metric, unit: 'ms', peer: 'the start of the plugin', ...compareRounds(pairs, scope.random) });
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

type Sides = Readonly<Record<'own' | 'peer', () => Promise<number>>>;
type Closer = () => unknown;

/** Where the source is, and where compiled code is kept for both sides. */
interface Places {
  readonly root: string;
  readonly source: string;
  readonly compileCache: string;
}

async function openSides(root: string, packageDirectory: string, closers: Closer[]): Promise<Sides> {
  const places = { root, source: join(root, 'source'), compileCache: join(root, 'compiled') };
  // What plugins import is the package as a user has it, for both sides.
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  symlinkSync(packageDirectory, join(root, 'node_modules', 'troupe'));
  writeSource(places.source, 0);
  const environment = createRealEnvironment({ logger: createSilentLogger() });
  const host = createHost({ environment });
  closers.push(() => host.stop());
  const { lifecycle, url } = await openDevHost(host, environment, places, closers);
  const loop = startLoop(host, environment.clock, places, url);
  closers.push(() => loop.stop());
  let revision = 0;
  const isServed = (): Promise<void> => Promise.race([answerOf(lifecycle, revision), loop.failed]);
  await isServed();
  return {
    async own() {
      revision += 1;
      const watches = loop.watches();
      writeSource(places.source, revision);
      await isServed();
      const elapsedMs = performance.now() - loop.changedAt();
      await Promise.race([watches, loop.failed]);
      return elapsedMs;
    },
    peer: () => startOnce(host, places),
  };
}

/** What `troupe run --ops --dev` has, with a store in a file. */
async function openDevHost(
  host: Host,
  environment: Environment,
  { root, compileCache }: Places,
  closers: Closer[],
): Promise<{ readonly lifecycle: Lifecycle; readonly url: string }> {
  const { clock, log } = environment;
  const store = await openSqliteStore({ path: join(root, 'troupe.db') });
  closers.push(() => store.close());
  const lifecycle = createLifecycle({
    host,
    store,
    artifacts: createArtifactStore({ root: join(root, 'artifacts'), environment }),
    dataRoot: join(root, 'data'),
    times: { probationMs: 0 },
    launch: () => ({ compileCache }),
  });
  closers.push(() => lifecycle.stop());
  await lifecycle.boot();
  const dev = createDevRoutes({ lifecycle, clock, log, workDirectory: root });
  const listener = await openOpsListener({ port: 0, routes: dev.routes, token: TOKEN, clock, log });
  closers.push(() => listener.close());
  closers.push(() => dev.idle());
  return { lifecycle, url: listener.url };
}

/** A development loop that runs. */
interface RunningLoop {
  /** Rejects when a round fails. */
  readonly failed: Promise<never>;
  /** When the debounce has ended last. */
  changedAt(): number;
  /** Resolves when the next round is over. */
  watches(): Promise<void>;
  stop(): Promise<unknown>;
}

function startLoop(host: Host, clock: Environment['clock'], { source }: Places, url: string): RunningLoop {
  const tools = createDevPorts({
    directory: source,
    lang: 'auto',
    client: createHostClient({ base: url, token: TOKEN }),
    clock,
    session: 'bench',
    askConsent: () => Promise.resolve(false),
    runner: createProcessRunner(clock),
    self: selfCommand(),
    onLine: () => {},
  });
  const { ports, changedAt } = noteChanges(tools);
  const loop = host.system.spawn(createDevLoopLogic(ports), { name: 'dev-loop', input: {} });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  loop.onFact((fact) => {
    if (fact.type === 'round.failed') reject(fact.error);
  });
  const watches = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = loop.onFact((fact) => {
        if (fact.type !== 'watch.began') return;
        stop();
        resolve();
      });
    });
  return { failed, changedAt, watches, stop: () => host.system.stopActor(loop) };
}

/** Knows when the debounce has ended last. */
function noteChanges(ports: DevLoopPorts): { readonly ports: DevLoopPorts; readonly changedAt: () => number } {
  let at = Number.NaN;
  return {
    changedAt: () => at,
    ports: {
      ...ports,
      watch: (project, facts) =>
        ports.watch(project, {
          ...facts,
          changed() {
            at = performance.now();
            facts.changed();
          },
        }),
    },
  };
}

/** Waits until the plugin answers as this revision of its source does. */
async function answerOf(lifecycle: Lifecycle, revision: number): Promise<void> {
  for (;;) {
    const answer = await lifecycle.plugin(NAME)?.operations().execute('revision', undefined);
    if (answer === revision) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** From the start of the process to the first answer. */
async function startOnce(host: Host, { source, compileCache }: Places): Promise<number> {
  const startedAt = performance.now();
  const plugin = await host.launch({
    name: 'started',
    kinds: ['operations'],
    command: process.execPath,
    args: [join(source, 'plugin.js')],
    compileCache,
  });
  await plugin.operations().execute('revision', undefined);
  const elapsedMs = performance.now() - startedAt;
  await plugin.stop();
  return elapsedMs;
}

function writeSource(directory: string, revision: number): void {
  mkdirSync(directory, { recursive: true });
  const files = {
    'plugin.yaml': `apiVersion: troupe.plugin/v1\nname: ${NAME}\nversion: 0.1.0\nkinds: [operations]\nrun: { node: plugin.js }\n`,
    'package.json': '{ "type": "module", "private": true }\n',
    'plugin.js': `import { definePlugin, operation, servePlugin } from 'troupe/sdk';

const revision = operation({ description: 'tells its revision', execute: () => ${revision} });
await servePlugin(definePlugin({ name: '${NAME}', version: '0.1.0', operations: { revision } }));
`,
  };
  // One file changes; the others are written once.
  for (const [name, text] of Object.entries(files)) {
    if (revision === 0 || name === 'plugin.js') writeFileSync(join(directory, name), text);
  }
}
