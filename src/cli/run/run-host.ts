// `troupe run --data`: a host that keeps its plugins in a directory, and is managed over a socket in it.
//
// Invariants:
//   R1. It runs until a signal ends it, with any number of plugins.
//   R2. SIGHUP reads the configuration again and ends nothing.
//   R3. Where it can be reached is written down when it can be, and before it says so.
//   R4. What was active when it was stopped is active at the next start, also when it was ended by force.

import { RuntimeError } from '../../errors/index.ts';
import {
  createDevRoutes,
  diagnoseHost,
  hostMetrics,
  hostRoutes,
  openOpsListener,
  readOrMakeSecret,
  serveAdmin,
  sharedHealth,
  verifyAudit,
} from '../../host/index.ts';
import type { AuditChainReport, BootReport, ReloadReport } from '../../host/index.ts';
import { countOf } from '../count-of.ts';
import { factText, isStreamFact, lastWordsOf } from '../fact-text.ts';
import { version } from '../package-version.ts';
import { exitCodeOf, listenForStop } from '../stop-signals.ts';
import type { StopSignals } from '../stop-signals.ts';
import { closeAll, openHostParts } from './host-parts.ts';
import type { Closer, HostParts } from './host-parts.ts';
import { createSpeaker } from './speaker.ts';
import type { Say } from './speaker.ts';

/** How a host is run. */
export interface RunHostOptions {
  readonly directory: string;
  readonly config: string | undefined;
  /** Port of the HTTP listener; 0 takes any free one. Default: that of the configuration, else there is none. */
  readonly opsPort: number | undefined;
  /** Whether plugins that are being developed may be uploaded. Needs the listener. */
  readonly dev: boolean;
}

interface ReadyOptions extends RunHostOptions {
  /** Why the host is not ready, whatever its plugins are. */
  readonly notReady: () => string | undefined;
}

/** Milliseconds to write the answer of an upload that is done. Who follows a log is cut off after them. */
const ANSWER_MS = 500;

/**
 * Runs a host until SIGINT or SIGTERM. Settles with the exit code: 0 after a stop in order, 130 or 143 after a second
 * signal. Rejects when it cannot start.
 */
export async function runHost(options: RunHostOptions): Promise<number> {
  const stop = listenForStop();
  let force: { release(): void } | undefined;
  const closers: Closer[] = [];
  try {
    const parts = await openHostParts(options);
    // The first to be opened is the last to be closed: everything else stands on it.
    closers.push(() => parts.close());
    const say = createSpeaker(parts.environment.clock);
    force = forceOn(parts, stop);
    let isBooted = false;
    const notReady = (): string | undefined => {
      if (stop.requested.aborted) return 'the host is being stopped';
      return isBooted ? undefined : 'the host is being started';
    };
    await start(parts, { ...options, notReady }, say, closers);
    if (!stop.requested.aborted) tellBoot(await parts.lifecycle.boot(), parts, say);
    isBooted = true;
    if (!stop.requested.aborted) await parts.lockFile.compare();
    await signalled(stop);
    say('troupe', `got ${stop.received} and stops; a second signal ends the plugins by force`, 'strong');
    await closeAll(closers);
    say('troupe', 'stopped', 'good');
    return stop.forced.aborted && stop.received !== undefined ? exitCodeOf(stop.received) : 0;
  } finally {
    // Until the last plugin is gone a second signal has to help.
    try {
      await closeAll(closers);
    } finally {
      force?.release();
      stop.release();
    }
  }
}

/** Everything that talks to the outside. */
async function start(parts: HostParts, options: ReadyOptions, say: Say, closers: Closer[]): Promise<void> {
  const { lifecycle, logs, places, self, environment } = parts;
  closers.push(tellFacts(parts, say));
  const reload = (): Promise<ReloadReport> => parts.settings.reload(logs, () => parts.artifacts.reload());
  closers.push(reloadOnSignal(reload, say));
  const admin = await serveAdmin({
    socketPath: places.adminSocket,
    clock: environment.clock,
    lifecycle,
    logs,
    facts: { version: version(), hostId: self.hostId, startedAt: self.startedAt },
    reload,
    verifyAudit: (plugin) => verified(parts, plugin),
    diagnose: () => diagnoseHost({ ...parts, audit: () => parts.auditor.status(), clock: environment.clock }),
  });
  closers.push(() => admin.close());
  const opsUrl = await openOps(parts, options, say, closers);
  await parts.lock.publish({ adminSocket: places.adminSocket, ...(opsUrl === undefined ? {} : { opsUrl }) });
  say('troupe', `runs on ${places.root} as process ${process.pid}; Ctrl+C stops`, 'strong');
}

/** The address of the listener; undefined when there is none. */
async function openOps(
  parts: HostParts,
  options: ReadyOptions,
  say: Say,
  closers: Closer[],
): Promise<string | undefined> {
  const { lifecycle, logs, places, environment, store, host, settings, self, capabilities } = parts;
  const { port: configured, allowedHosts } = settings.config.ops;
  const port = options.opsPort ?? configured;
  if (port === undefined) {
    if (options.dev)
      throw new RuntimeError('INVALID_OPTIONS', '--dev needs --ops PORT, or a port in the configuration');
    return undefined;
  }
  const { clock, log } = environment;
  const isSensitiveCapability = (name: string): boolean => capabilities.isSensitive(name);
  const dev = options.dev ? createDevRoutes({ lifecycle, clock, log, logs, isSensitiveCapability }) : undefined;
  const sources = {
    lifecycle,
    store,
    bus: host.bus,
    logs,
    uptimeSeconds: () => (clock.now() - self.startedAt) / 1000,
  };
  const routes = hostRoutes({
    health: sharedHealth({ lifecycle, clock, notReady: options.notReady }),
    metrics: () => hostMetrics(sources),
  });
  const listener = await openOpsListener({
    port,
    routes: [...routes, ...(dev?.routes ?? [])],
    token: await readOrMakeSecret(places.opsToken),
    allowedHosts,
    clock,
    log,
  });
  closers.push(async () => {
    // An upload that was begun goes to its end, and whoever made it hears of that.
    await dev?.idle();
    await listener.close({ graceMs: options.dev ? ANSWER_MS : 0 });
    // Another one may have begun meanwhile; nobody listens for its answer any more.
    await dev?.idle();
  });
  const uploads = options.dev ? ', and takes uploads of plugins' : '';
  say('troupe', `listens on ${listener.url}${uploads}; the token is in ${places.opsToken}`);
  return listener.url;
}

async function verified(
  { store, auditKey }: HostParts,
  plugin: string | undefined,
): Promise<readonly AuditChainReport[]> {
  const { chains } = await verifyAudit(store, auditKey, { plugin });
  return chains.map(({ plugin: name, entries, unsealed, problem }) => ({ plugin: name, entries, unsealed, problem }));
}

function tellFacts({ host, lifecycle }: HostParts, say: Say): Closer {
  const stopHost = host.onFact((fact) => {
    if (isStreamFact(fact)) return;
    const { text, tone } = factText(fact);
    say(fact.plugin, text, tone);
    for (const line of lastWordsOf(fact)) say(fact.plugin, line);
  });
  const stopLifecycle = lifecycle.onFact(({ plugin, to, version: installed, failure }) => {
    const why = failure === undefined ? '' : ` [${failure.code}]: ${failure.message}`;
    const state = to === 'absent' ? 'is uninstalled' : `${installed} is ${to}`;
    say(plugin, `${state}${why}`, failure === undefined ? undefined : 'bad');
  });
  return async () => {
    stopLifecycle();
    stopHost();
  };
}

function tellBoot({ started, recovered, failed, elsewhere }: BootReport, { places }: HostParts, say: Say): void {
  for (const { plugin, from, to } of recovered) say(plugin, `was ${from} when the host ended, and is ${to}`, 'busy');
  for (const { plugin, code, message } of failed) say(plugin, `did not start [${code}]: ${message}`, 'bad');
  for (const plugin of elsewhere) say(plugin, 'is run by another host on the same store', 'busy');
  say(
    'troupe',
    `is ready: ${countOf(started.length, 'plugin')} running; troupe plugin ls --data ${places.root}`,
    'good',
  );
}

/** R2. */
function reloadOnSignal(reload: () => Promise<ReloadReport>, say: Say): Closer {
  const onSignal = (): void => {
    void reload().then(
      ({ applied, pending }) => {
        const later = pending.map(({ setting, when }) => `; ${setting} holds ${when}`).join('');
        say('troupe', `has read its configuration: ${applied.join(', ') || 'nothing new holds'}${later}`);
      },
      (error: unknown) => say('troupe', `goes on as before: ${RuntimeError.from(error).message}`, 'bad'),
    );
  };
  process.on('SIGHUP', onSignal);
  return async () => void process.off('SIGHUP', onSignal);
}

/**
 * R4. The lifecycle is told first: an end that it does not expect is the plugin's own, and would be written down as that.
 * What it rejects with is told by the close of the parts.
 */
function forceOn({ host, lifecycle }: HostParts, { forced }: StopSignals): { release(): void } {
  const force = (): void => {
    void lifecycle.stop().catch(() => {});
    void Promise.all(host.plugins().map((plugin) => plugin.kill()));
  };
  forced.addEventListener('abort', force, { once: true });
  return { release: () => forced.removeEventListener('abort', force) };
}

function signalled({ requested }: StopSignals): Promise<void> {
  if (requested.aborted) return Promise.resolve();
  return new Promise((resolve) => requested.addEventListener('abort', () => resolve(), { once: true }));
}
