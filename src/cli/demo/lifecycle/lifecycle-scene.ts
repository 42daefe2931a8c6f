// The scene about the lifecycle: plugins are installed into a store that stays, are changed beside running calls, get into
// quarantine and out of it, and are started again by a second host, and by the next demo.
//
// Invariants:
//   L1. Every host is closed, whatever ends the scene.
//   L2. However an earlier demo has ended, this one begins with both plugins active in their first version.

import { RuntimeError } from '../../../errors/index.ts';
import { verifyAudit } from '../../../host/index.ts';
import type { BootReport, Lifecycle, Plugin } from '../../../host/index.ts';
import { removeTree } from '../../../transport/process/index.ts';
import { countOf } from '../../count-of.ts';
import { factText, isStreamFact } from '../../fact-text.ts';
import { printable } from '../../printable.ts';
import type { HostParts } from '../../run/host-parts.ts';
import type { SceneStage } from '../stage.ts';
import { holdsWithin, sleep } from '../wait.ts';
import { FIRST, KEPT, SECOND, writeDemoPlugin } from './demo-plugins.ts';
import type { KeptName } from './demo-plugins.ts';
import { startGreetings } from './greeting-caller.ts';
import type { GreetingCaller } from './greeting-caller.ts';
import { openDemoHost, reopenDemoHost } from './lifecycle-host.ts';
import type { DemoHost, LifecycleSceneOptions } from './lifecycle-host.ts';
import type { LifecycleReport } from './lifecycle-report.ts';

/** Calls that are answered before the version changes, and after each change. */
const CALLS = 20;
const CALLS_LIMIT_MS = 10_000;
const QUARANTINE_LIMIT_MS = 20_000;
const LOOK_MS = 20;

/** Plays the scene and closes its hosts. Rejects with what went wrong, or with CANCELLED when it is ended early. */
export async function playLifecycle(stage: SceneStage, options: LifecycleSceneOptions): Promise<LifecycleReport> {
  const opened = await openDemoHost(stage, options);
  const scene = new LifecycleScene(stage, opened);
  const hurry = (): void => scene.hurry();
  stage.stop.forced.addEventListener('abort', hurry, { once: true });
  try {
    return await scene.play();
  } finally {
    await scene.close();
    stage.stop.forced.removeEventListener('abort', hurry);
    if (!opened.isKept) await removeTree(opened.directory);
  }
}

class LifecycleScene {
  readonly #stage: SceneStage;
  readonly #opened: DemoHost;
  readonly #installed: string[] = [];
  #parts: HostParts;
  #caller: GreetingCaller | undefined;

  constructor(stage: SceneStage, opened: DemoHost) {
    this.#stage = stage;
    this.#opened = opened;
    this.#parts = opened.parts;
    this.#listen();
  }

  async play(): Promise<LifecycleReport> {
    const { say } = this.#stage;
    const { isKept, directory } = this.#opened;
    const { database } = this.#parts.places;
    say('demo', `a host keeps its plugins in ${database}`);
    const found = await this.#boot();
    await this.#prepare();
    const calls = await this.#changeVersions();
    const crashes = await this.#quarantine();
    const startedAgain = await this.#secondStart();
    const audit = await this.#checkAudit();
    return {
      database,
      kept: isKept ? directory : undefined,
      installed: this.#installed,
      found: found.started,
      calls,
      crashes,
      startedAgain,
      ...audit,
    };
  }

  /** L1. */
  async close(): Promise<void> {
    await this.#caller?.stop();
    await this.#parts.close();
  }

  hurry(): void {
    void Promise.all(this.#parts.host.plugins().map((plugin) => plugin.kill()));
  }

  get #lifecycle(): Lifecycle {
    return this.#parts.lifecycle;
  }

  async #boot(): Promise<BootReport> {
    const { say } = this.#stage;
    const report = await this.#lifecycle.boot();
    for (const { plugin, from, to } of report.recovered) say(plugin, `was ${from} in the store, and is ${to}`, 'busy');
    for (const { plugin, code, message } of report.failed) say(plugin, `did not start [${code}]: ${message}`, 'bad');
    const names = report.started.join(', ');
    say(
      'demo',
      names === '' ? 'the store is empty: this is the first demo on it' : `the store has plugins, which run: ${names}`,
      names === '' ? undefined : 'good',
    );
    return report;
  }

  /** L2. */
  async #prepare(): Promise<void> {
    const installed = new Map((await this.#lifecycle.list()).map(({ row }) => [row.slug, row]));
    for (const name of KEPT) {
      this.#checkStop();
      const row = installed.get(name);
      if (row === undefined) await this.#install(name);
      else {
        if (row.state === 'errored' || row.state === 'quarantined') await this.#lifecycle.reset(name);
        if ((await this.#lifecycle.get(name)).row.state !== 'active') await this.#lifecycle.activate(name);
        if (row.version !== FIRST) await this.#lifecycle.rollback(name, { version: FIRST });
      }
    }
  }

  async #install(name: KeptName): Promise<void> {
    const path = await writeDemoPlugin(this.#stage.journals, name, FIRST);
    this.#stage.say(name, 'gets installed and activated');
    await this.#lifecycle.install({ kind: 'directory', path }, { activate: true });
    this.#installed.push(name);
  }

  /** To another version and back, beside running calls. */
  async #changeVersions(): Promise<LifecycleReport['calls']> {
    const { say, clock, journals } = this.#stage;
    const path = await writeDemoPlugin(journals, 'greeter', SECOND);
    const caller = startGreetings(this.#plugin('greeter'), clock, (error) =>
      say('greeter', `a call fails: ${printable(RuntimeError.from(error).rawMessage)}`, 'bad'),
    );
    this.#caller = caller;
    await this.#answered(caller);
    say('demo', `updates "greeter" from ${FIRST} to ${SECOND} while it is called`);
    await this.#lifecycle.update('greeter', { kind: 'directory', path });
    await this.#answered(caller);
    say('demo', `takes "greeter" back to ${FIRST} while it is called`);
    await this.#lifecycle.rollback('greeter', { version: FIRST });
    await this.#answered(caller);
    await caller.stop();
    const { ok, failed, versions } = caller;
    say('greeter', `has answered ${ok} calls over both changes; ${failed} failed`, failed === 0 ? 'good' : 'bad');
    return { ok, failed, versions };
  }

  /** Waits for calls that are made from now on. */
  async #answered(caller: GreetingCaller): Promise<void> {
    const { clock, stop } = this.#stage;
    const end = caller.ok + CALLS;
    const held = await holdsWithin(CALLS_LIMIT_MS, () => caller.ok >= end, { clock, signal: stop.requested });
    if (held) return;
    throw new RuntimeError('DEADLINE_EXCEEDED', `"greeter" did not answer ${CALLS} calls within ${CALLS_LIMIT_MS} ms`);
  }

  /** Lets a plugin crash until its breaker opens, and resets it. Returns the number of crashes. */
  async #quarantine(): Promise<number> {
    const { say, clock, stop } = this.#stage;
    let state = 'active';
    let crashes = 0;
    const stops = [
      this.#lifecycle.onFact(({ plugin, to }) => {
        if (plugin === 'brittle') state = to;
      }),
      this.#parts.host.onFact(({ plugin, type }) => {
        if (plugin === 'brittle' && type === 'plugin.failed') crashes += 1;
      }),
    ];
    say('demo', 'lets "brittle" end itself, again and again');
    try {
      const end = clock.monotonic() + QUARANTINE_LIMIT_MS;
      const plugin = this.#plugin('brittle');
      while (state !== 'quarantined') {
        // That it fails is what is wanted.
        if (plugin.status().state === 'ready')
          await plugin
            .operations()
            .execute('fail')
            .catch(() => {});
        if (clock.monotonic() > end) {
          throw new RuntimeError('DEADLINE_EXCEEDED', `"brittle" was ${state} after ${QUARANTINE_LIMIT_MS} ms`);
        }
        await sleep(LOOK_MS, { clock, signal: stop.requested });
      }
    } finally {
      for (const stopListening of stops) stopListening();
    }
    await this.#lifecycle.reset('brittle');
    if ((await this.#lifecycle.get('brittle')).row.state !== 'active') await this.#lifecycle.activate('brittle');
    await this.#plugin('brittle').operations().execute('ping');
    say('brittle', `crashed ${countOf(crashes, 'time')} and was in quarantine; after a reset it answers again`, 'good');
    return crashes;
  }

  /** What a restart of the program is to its plugins. */
  async #secondStart(): Promise<readonly string[]> {
    this.#checkStop();
    this.#stage.say('demo', 'the host ends, and a second one starts on the same store');
    await this.#parts.close();
    this.#parts = await reopenDemoHost(this.#stage, this.#opened.directory);
    this.#listen();
    const { started } = await this.#boot();
    await this.#plugin('greeter').operations().execute('greet', { name: 'world' });
    return started;
  }

  async #checkAudit(): Promise<Pick<LifecycleReport, 'entries' | 'auditProblems'>> {
    const { store, auditKey } = this.#parts;
    const { chains } = await verifyAudit(store, auditKey);
    const entries = chains.reduce((sum, chain) => sum + chain.entries, 0);
    const problems = chains.flatMap(({ plugin, problem }) =>
      problem === undefined ? [] : [`the audit of "${plugin}" is broken: ${problem.message}`],
    );
    this.#stage.say(
      'demo',
      `the audit has ${entries} entries, ${problems.length === 0 ? 'all' : 'not all'} as written`,
    );
    return { entries, auditProblems: problems };
  }

  #plugin(name: KeptName): Plugin {
    const plugin = this.#lifecycle.plugin(name);
    if (plugin !== undefined) return plugin;
    throw new RuntimeError('INTERNAL', `plugin "${name}" of the demo does not run`);
  }

  /** For the host that runs now; its listeners go with it. */
  #listen(): void {
    const { say, watch } = this.#stage;
    this.#parts.host.onFact((fact) => {
      watch(fact);
      if (isStreamFact(fact)) return;
      const { text, tone } = factText(fact);
      say(fact.plugin, text, tone);
    });
    this.#lifecycle.onFact(({ plugin, from, to, version, failure }) => {
      // What it is on its way to is said when it has arrived.
      if (from === to || to.endsWith('ing')) return;
      say(plugin, `${version} is ${to}`, failure === undefined ? undefined : 'bad');
    });
  }

  #checkStop(): void {
    if (this.#stage.stop.requested.aborted) throw new RuntimeError('CANCELLED', 'the demo was interrupted');
  }
}
