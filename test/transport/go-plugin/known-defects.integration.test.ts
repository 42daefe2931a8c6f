// Defects and limits that users of go-plugin have reported, one test each, with the number of the issue in the title.
// Those that other tests show are listed in test/spec-ledger.yaml, under `go-plugin-defects`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRealEnvironment } from '../../../src/ports/index.ts';
import type { Clock } from '../../../src/ports/index.ts';
import type { ReattachConfig } from '../../../src/transport/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import type { SickOptions } from '../../host/fixtures/sick-plugin.ts';
import { childEnv, failureOf, fixture, hostForTest, nodeCommand, waitFor } from '../../host/support.ts';
import type { ProbePlugin, TestHost } from '../../host/support.ts';
import { PEER_COOKIE } from '../../interop/launch.ts';
import { goPeers } from '../../peers/go.ts';
import type { GoPeers } from '../../peers/go.ts';
import { describeWithPeer } from '../../peers/peers.ts';
import { testScale } from '../../setup/size.ts';
import { isAlive, killAtEnd } from '../process/support.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const { factor } = testScale();
const CRASHES = 100 * factor;
const OFFERS = 50;
const services = { probe: ProbeServiceService };
setFlagsFromString('--expose-gc');
// Made once: each new context stays for a while.
const collectGarbage = runInNewContext('gc') as () => void;

describe('sockets', () => {
  it.each(['SIGKILL', 'SIGABRT', 'an exit', 'an exception that nobody catches'])(
    '#119: leaves no socket file after %s',
    async (end) => {
      const test = hostForTest();
      const before = test.holdings();
      const plugin = await throwing(test);
      await plugin.dispense('probe').offer({ id: plugin.broker.nextId() });
      expect(socketsBelow(test.root)).toHaveLength(2);

      await endBy(plugin, end);

      await test.holdsOnly(before);
      expect(socketsBelow(test.root)).toEqual([]);
    },
  );

  it('#119: leaves no socket file of a plugin that puts its socket elsewhere, after SIGKILL', async () => {
    const test = hostForTest();
    const directory = temporaryDirectory();
    const order: SickOptions = { status: 'SERVING', directory };
    const command = nodeCommand('sick-plugin', order);
    const plugin = await test.probe({ ...command, insecure: true, restart: 'never' });
    expect(readdirSync(directory)).toHaveLength(1);

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    await plugin.ended;

    expect(readdirSync(directory)).toEqual([]);
  });

  it(`#220: ${OFFERS} listeners that nobody ever dials, on each side, end with the plugin`, async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe({ restart: 'never' });
    const settled = { ...test.holdings() };
    for (let offer = 0; offer < OFFERS; offer += 1) {
      await plugin.broker.accept(plugin.broker.nextId(), [], { keepAdvertised: offer % 2 === 0 });
      await plugin.dispense('probe').offer({ id: 1_000 + offer });
    }
    expect(test.holdings().handles).toBe(settled.handles + OFFERS);
    expect(socketsBelow(test.root)).toHaveLength(1 + 2 * OFFERS);

    await plugin.stop();

    await test.holdsOnly(before);
    expect(plugin.status().failure).toBeUndefined();
  });
});

describe('the log of the host', () => {
  it('#298, #116: has no warning and no error after a run in which all went well', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ onOutput: () => {} });
    const probe = plugin.dispense('probe');
    const id = plugin.broker.nextId();
    await probe.offer({ id });
    (await plugin.broker.dial(id)).close();
    const listener = await plugin.broker.accept(plugin.broker.nextId(), []);
    await probe.print({ stream: 'stdout', text: 'printed' });
    await probe.print({ stream: 'stderr', text: 'complained' });
    await probe.upload([{ text: 'a' }]);
    listener.close();

    await test.host.stop();

    expect(complaintsOf(test)).toEqual([]);
  });

  it('tflint 2197: has 1 error when a plugin dies, however many brokered connections it had', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ restart: 'never' });
    const dials: Promise<unknown>[] = [];
    for (let offer = 0; offer < OFFERS; offer += 1) {
      await plugin.broker.accept(plugin.broker.nextId(), [], { keepAdvertised: true });
      dials.push(failureOf(plugin.broker.dial(500 + offer)));
    }

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    await plugin.ended;

    const codes = (await Promise.all(dials)).map((error) => (error as { code?: string }).code);
    expect(new Set(codes)).toEqual(new Set(['BROKER_CLOSED']));
    expect(complaintsOf(test)).toEqual(['plugin "probe" was ended by SIGKILL without being asked to']);
  });
});

describe('the end of a plugin', () => {
  it.each(['stop', 'kill'] as const)(
    '#136: %s does not wait for a pipe that a process outside of the group holds',
    async (how) => {
      const test = hostForTest();
      const plugin = await test.probe({ restart: 'never' });
      const stray = await strayOf(plugin);
      const begin = performance.now();

      await plugin[how]();

      expect(performance.now() - begin).toBeLessThan(3_000);
      expect([plugin.status().state, isAlive(stray)]).toEqual(['dead', true]);
    },
  );

  it('#305: is followed by a new process when the plugin is launched again', async () => {
    const test = hostForTest();
    const first = await test.probe({ restart: 'never' });
    const { pid } = first.status();
    await failureOf(first.dispense('probe').crash({ exitCode: 1 }));
    await first.ended;

    const second = await test.probe({ restart: 'never' });

    expect((await second.dispense('probe').echo({ text: '' })).pid).not.toBe(pid);
  });

  it('#306: is followed by a good launch under the same name, also when it came before the handshake', async () => {
    const test = hostForTest();
    const name = 'again';
    expect(await failureOf(test.odd({ end: { code: 3 } }, { name }))).toMatchObject({ code: 'PLUGIN_EXITED_EARLY' });
    expect(await failureOf(test.odd({ print: 'noise\n' }, { name }))).toMatchObject({ code: 'HANDSHAKE_MALFORMED' });

    const plugin = await test.probe({ name });

    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });
});

describe('the environment of a plugin', () => {
  it('#162: has the value of the user before that of the host, and the handshake before both', async () => {
    const test = hostForTest();
    vi.stubEnv('TROUPE_TEST_WINNER', 'host');
    vi.stubEnv('PLUGIN_MIN_PORT', '1');
    vi.stubEnv('PLUGIN_MULTIPLEX_GRPC', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    const env = { TROUPE_TEST_WINNER: 'user', PLUGIN_MAX_PORT: '2' };

    const seen = await environmentOf(test, env);

    expect(seen).toMatchObject({ TROUPE_TEST_WINNER: 'user', PLUGIN_MIN_PORT: '10000', PLUGIN_MAX_PORT: '25000' });
    expect(seen).not.toHaveProperty('PLUGIN_MULTIPLEX_GRPC');
  });
});

describe('standard output that is no handshake', () => {
  it('#199: is named in the error when it comes before the handshake line', async () => {
    const test = hostForTest();
    const print = 'loading configuration …\n1|1|unix|{SOCKET}|grpc|\n';

    const error = await failureOf(test.odd({ print }));

    expect(error).toMatchObject({ code: 'HANDSHAKE_MALFORMED', phase: 'handshaking' });
    expect(error.rawMessage).toContain('first output line "loading configuration …" is no handshake line');
  });

  it('#199: is harmless after it, whoever listens', async () => {
    const test = hostForTest();
    const plugin = await test.probe();

    // From a child process: past everything that the SDK captures.
    await plugin
      .dispense('kv')
      .put({ key: 'shell', value: Buffer.from('echo "1|9|tcp|1.2.3.4:5|netrpc|"; echo done >&2') });
    await waitFor('the child has printed', () => test.log.entries.some(({ message }) => message === 'done'));

    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi', version: 1 });
    expect(complaintsOf(test)).toEqual([]);
  });
});

describe('reattach', () => {
  it('#320: sends no signal at all, not to the plugin, not to a process that has its number', async () => {
    const { host } = hostForTest();
    const { reattach, child } = await startTestMode();
    const bystander = spawn('sleep', ['300'], { stdio: 'ignore' });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    const kill = vi.spyOn(process, 'kill');
    onTestFinished(() => kill.mockRestore());
    // As a file says it whose plugin has gone, and whose number has gone to somebody else.
    const stale = { ...reattach, Test: false, Pid: bystander.pid ?? 0 };

    await expect(host.reattach({ name: 'stale', reattach: stale, versions: [3] })).rejects.toMatchObject({
      code: 'REATTACH_STALE',
    });
    const killed = await host.reattach({ name: 'killed', reattach, versions: [3] });
    await killed.kill();
    const gone = await host.reattach({ name: 'gone', reattach, versions: [3] });
    child.kill('SIGKILL');
    await gone.ended;
    await host.stop();

    expect(kill).not.toHaveBeenCalled();
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
  });

  it('#378: opens no file that stays open in 100 looks at the process', async () => {
    const watch = quickWatch();
    const { host } = hostForTest({ environment: { ...createRealEnvironment(), clock: watch.clock } });
    const { reattach } = await startTestMode();
    await host.reattach({ name: 'dev', reattach, versions: [3] });
    const before = openFiles();

    await waitFor('100 looks', () => watch.looks() >= 100);

    await waitFor('as many files are open as before', () => openFiles() <= before);
    expect(openFiles()).toBeLessThanOrEqual(before);
  });
});

describeWithPeer('go', 'a plugin in Go', () => {
  let peers: GoPeers;
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  const launch = (test: TestHost, options = {}): Promise<ProbePlugin> =>
    test.odd(
      {},
      { command: peers.plugin, args: [], handshake: PEER_COOKIE, services, ...options },
    ) as Promise<unknown> as Promise<ProbePlugin>;

  it.each(['SIGKILL', 'SIGTERM', 'SIGQUIT', 'an exit'])('#119, #203: leaves no socket file after %s', async (end) => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await launch(test, { restart: 'never' });
    await plugin.dispense('probe').offer({ id: plugin.broker.nextId() });
    await waitFor('the socket of the offer', () => socketsBelow(test.root).length === 2);

    await endBy(plugin, end);

    await test.holdsOnly(before);
    expect(socketsBelow(test.root)).toEqual([]);
  });

  it(`#291: memory, handles, listeners, files and timers of the host do not grow with ${CRASHES} crashes`, {
    timeout: 120_000 * factor,
  }, async () => {
    const backoff = { initialMs: 1, maxMs: 1, jitter: 'none' } as const;
    const test = hostForTest({ crashBudget: { limit: 1_000_000 } });
    const plugin = await launch(test, { insecure: true, backoff });
    const crash = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        expect(await failureOf(plugin.dispense('probe').crash({ exitCode: 1 }))).toMatchObject({ exitCode: 1 });
        await plugin.ready();
      }
      // What the test itself keeps of them does not count.
      test.log.clear();
      (test.facts as unknown[]).length = 0;
    };
    // What is compiled and cached for good belongs to the baseline; V8 is done with that only after some hundreds.
    await crash(Math.max(20, 0.3 * CRASHES));
    // The streams of a plugin open only after it is ready.
    await plugin.dispense('probe').echo({ text: 'it is open' });
    await settled(() => JSON.stringify([test.holdings(), openFiles()]));
    const [held, files, listeners, heapBytes] = [test.holdings(), openFiles(), listenersOnProcess(), heapBytesNow()];

    await crash(CRASHES);

    await test.holdsOnly(held);
    await waitFor('no file and no listener more', () => openFiles() <= files && listenersOnProcess() <= listeners);
    let grownBytes = 0;
    // V8 frees late, and compiles again what runs often: the heap goes up and down by 2 MB, but not with the crashes.
    await waitFor('the heap is about as large as before', () => {
      grownBytes = heapBytesNow() - heapBytes;
      return grownBytes < 3_000_000;
    });
    console.log(`${CRASHES} crashes: ${grownBytes} bytes more on the heap`);
  });

  it.each(['exit', 'throw', 'write'])(
    '#210: does not outlive a host that ends without stopping it: %s',
    async (how) => {
      const host = await startLeavingHost(how, [peers.plugin]);

      await waitFor('the plugin is gone', () => !isAlive(host.plugin));

      expect(host.code()).toBe(how === 'exit' ? 0 : 1);
    },
  );
});

// Helpers

/** A plugin that throws when it is told to, with short limits. */
function throwing(test: TestHost): Promise<ProbePlugin> {
  const args = ['--conditions=source', join(import.meta.dirname, 'fixtures/throwing-plugin.ts')];
  return test.probe({ args, restart: 'never' });
}

/** Waits until something has stayed the same for half a second. */
async function settled(state: () => string): Promise<void> {
  let [last, since] = [state(), performance.now()];
  await waitFor('it stays the same', () => {
    const now = state();
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > 500;
  });
}

/** Ends a plugin and waits until it has ended. */
async function endBy(plugin: ProbePlugin, end: string): Promise<void> {
  const probe = plugin.dispense('probe');
  if (end.startsWith('SIG')) process.kill(plugin.status().pid ?? 0, end as NodeJS.Signals);
  else if (end === 'an exit') await failureOf(probe.crash({ exitCode: 7 }));
  else await probe.echo({ text: 'nobody catches this' }).catch(() => undefined);
  await plugin.ended;
}

/** Starts a process in a session of its own that holds the pipes of the plugin, and returns its number. */
async function strayOf(plugin: ProbePlugin): Promise<number> {
  const file = join(temporaryDirectory(), 'pid');
  const script = `setsid sh -c 'echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 300' &`;
  await plugin.dispense('kv').put({ key: 'shell', value: Buffer.from(script) });
  await waitFor('the stray process', () => readdirSync(join(file, '..')).includes('pid'));
  const pid = Number(readFileSync(file, 'utf8'));
  killAtEnd(pid);
  return pid;
}

/** What a launched program finds in its environment. */
async function environmentOf(test: TestHost, env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const file = join(temporaryDirectory(), 'environment');
  const args = ['-c', 'env -0 > "$1"; exit 1', 'sh', file];
  await failureOf(test.odd({}, { command: 'sh', args, env, inheritEnv: 'all' }));
  const entries = readFileSync(file, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry.replace(/^[^=]*=/, '')]));
}

async function startTestMode(): Promise<{
  readonly reattach: ReattachConfig;
  readonly child: ReturnType<typeof spawn>;
}> {
  const child = spawn(process.execPath, ['--conditions=source', fixture('test-mode-plugin')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TMPDIR: temporaryDirectory(), ...childEnv() },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  lines.close();
  return { reattach: JSON.parse(line) as ReattachConfig, child };
}

/** A host of its own that leaves as it is told, once its plugin is ready. Nobody reads what it prints afterwards. */
async function startLeavingHost(how: string, command: readonly string[]) {
  const host = join(import.meta.dirname, 'fixtures/leaving-host.ts');
  const child = spawn(process.execPath, ['--conditions=source', host, how, temporaryDirectory(), ...command], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const plugin = Number.parseInt(line, 10);
  expect(plugin).toBeGreaterThan(1);
  killAtEnd(plugin);
  child.stdout.destroy();
  await exited;
  return { plugin, code: () => child.exitCode };
}

/** A clock with which a host looks at a reattached process every 5 ms instead of every second. */
function quickWatch() {
  const { clock: real } = createRealEnvironment();
  let looks = 0;
  const clock: Clock = {
    now: () => real.now(),
    monotonic: () => real.monotonic(),
    setTimeout(callback, delayMs, options) {
      if (delayMs !== 1_000) return real.setTimeout(callback, delayMs, options);
      looks += 1;
      return real.setTimeout(callback, 5, options);
    },
    clearTimeout: (handle) => real.clearTimeout(handle),
  };
  return { clock, looks: () => looks };
}

function temporaryDirectory(): string {
  const directory = mkdtempSync('/tmp/tk-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function socketsBelow(root: string): string[] {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isSocket()).map(({ name }) => name);
}

function complaintsOf({ log }: TestHost): string[] {
  return log.entries.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);
}

function listenersOnProcess(): number {
  return process.eventNames().reduce((sum, event) => sum + process.listenerCount(event), 0);
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

function heapBytesNow(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
