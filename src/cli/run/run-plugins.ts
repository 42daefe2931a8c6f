// `troupe run`: starts what a file names, tells what happens, and stops everything when a signal comes.
//
// Invariants:
//   R1. Either all plugins start or none is left running.
//   R2. The process ends when no plugin is left, whatever the reason, and then with exit code 1.

import { createHost } from '../../host/index.ts';
import type { Host, Plugin } from '../../host/index.ts';
import { createRealEnvironment } from '../../ports/index.ts';
import { factText, isStreamFact, lastWordsOf } from '../fact-text.ts';
import { exitCodeOf, listenForStop } from '../stop-signals.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { RunConfig } from './read-config.ts';
import { createSpeaker } from './speaker.ts';
import type { Say } from './speaker.ts';

const FAILED = 1;

/**
 * Runs the plugins until SIGINT or SIGTERM. Settles with the exit code: 0 after a stop in order, 1 when a plugin had to
 * be ended by force or none is left, 130 or 143 after a second signal. Rejects when a plugin cannot start.
 */
export async function runPlugins(config: RunConfig): Promise<number> {
  const stop = listenForStop();
  const environment = createRealEnvironment({ logLevel: config.logLevel });
  const say = createSpeaker(environment.clock);
  const host = createHost({ environment });
  host.onFact((fact) => {
    if (isStreamFact(fact)) return;
    const { text, tone } = factText(fact);
    say(fact.plugin, text, tone);
    for (const line of lastWordsOf(fact)) say(fact.plugin, line);
  });
  const force = (): void => void Promise.all(host.plugins().map((plugin) => plugin.kill()));
  stop.forced.addEventListener('abort', force, { once: true });
  try {
    const plugins = await launchAll(host, config, stop);
    if (plugins.length > 0) {
      say('troupe', `runs ${countOf(plugins.length)} of ${config.file}; Ctrl+C stops`, 'strong');
      await untilOver(plugins, stop);
    }
    return await stopAll(host, config, stop, say);
  } finally {
    // After a stop in order this only gives the same report again.
    await host.stop({ deadlineMs: config.stopDeadlineMs });
    stop.forced.removeEventListener('abort', force);
    stop.release();
  }
}

/** R1. Resolves with no plugins when a signal came first. */
async function launchAll(host: Host, { plugins }: RunConfig, stop: StopSignals): Promise<readonly Plugin[]> {
  const abandon = new AbortController();
  const signal = AbortSignal.any([abandon.signal, stop.requested]);
  const launches = plugins.map((options) => host.launch({ ...options, signal }));
  try {
    return await Promise.all(launches);
  } catch (error) {
    abandon.abort();
    // The others are given up; what they reject with says only that.
    await Promise.allSettled(launches);
    if (stop.requested.aborted) return [];
    throw error;
  }
}

/** R2. */
async function untilOver(plugins: readonly Plugin[], { requested }: StopSignals): Promise<void> {
  const allEnded = Promise.all(plugins.map(({ ended }) => ended));
  if (requested.aborted) return;
  await new Promise<void>((resolve) => {
    requested.addEventListener('abort', () => resolve(), { once: true });
    void allEnded.then(() => resolve());
  });
}

async function stopAll(host: Host, { stopDeadlineMs }: RunConfig, stop: StopSignals, say: Say): Promise<number> {
  const { received } = stop;
  if (received === undefined) say('troupe', 'no plugin is left', 'bad');
  else say('troupe', `got ${received} and stops; a second signal ends the plugins by force`, 'strong');
  const { stopped, forced } = await host.stop({ deadlineMs: stopDeadlineMs });
  const byForce = forced.length === 0 ? '' : `, ${countOf(forced.length)} by force: ${forced.join(', ')}`;
  say('troupe', `stopped ${countOf(stopped.length)} in order${byForce}`, forced.length === 0 ? 'good' : 'bad');
  if (received !== undefined && stop.forced.aborted) return exitCodeOf(received);
  return received === undefined || forced.length > 0 ? FAILED : 0;
}

function countOf(plugins: number): string {
  return plugins === 1 ? '1 plugin' : `${plugins} plugins`;
}
