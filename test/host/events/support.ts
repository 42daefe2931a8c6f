// Plugins that write down what they handle, and what their journals are held against.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Bus, Receipt, SubscriptionView } from '../../../src/bus/index.ts';
import type { HostOptions, LaunchOptions, Plugin } from '../../../src/host/index.ts';
import type { DomainEvent } from '../../../src/ports/index.ts';
import type { Deed, JournalPluginOrder } from '../fixtures/journal-plugin.ts';
import { childEnv, hostForTest, nodeCommand } from '../support.ts';
import type { TestHost } from '../support.ts';

/** An event that a plugin has handled. */
export interface HandledLine {
  readonly id: string;
  /** Not a number where the plugin does not say it. */
  readonly pid: number;
  readonly attempt: number;
  readonly redelivered: boolean;
}

/** A host whose bus can be listened to before any plugin is there. */
export interface EventScene {
  readonly test: TestHost;
  readonly bus: Bus;
  /** Everything that plugins have emitted. */
  readonly echoes: readonly DomainEvent[];
  /** Launches the journal plugin. It may emit `echo.*` and nothing else. */
  journalPlugin(
    name: string,
    order?: Omit<JournalPluginOrder, 'journal'>,
    launch?: Partial<LaunchOptions>,
  ): Promise<Plugin>;
  /** Where the journal of a plugin is. */
  pathOf(name: string): string;
  /** What a plugin has handled so far, in order. */
  journalOf(name: string): readonly HandledLine[];
}

/** Of queues that make publishers wait, longer than a process takes to come back. */
export const BLOCK = { overflow: 'block', blockMs: 20_000 } as const;

/** A host for tests about events. Crashes never end in quarantine, and what waits for time waits briefly. */
export function eventScene(delivery: NonNullable<HostOptions['events']>['delivery'] = {}): EventScene {
  const test = hostForTest({
    crashBudget: { limit: 1_000_000 },
    events: {
      source: 'core',
      delivery: { lateResultsMs: 300, closeTimeoutMs: 300, backoff: { initialMs: 20, maxMs: 100 }, ...delivery },
    },
  });
  const directory = mkdtempSync('/tmp/tj-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { bus } = test.host;
  const echoes: DomainEvent[] = [];
  bus.on('echo.*', (event) => void echoes.push(event), { capacity: 1_000_000 });
  bus.on('secret.**', (event) => void echoes.push(event), { capacity: 1_000_000 });
  const pathOf = (name: string): string => join(directory, name);
  return {
    test,
    bus,
    echoes,
    pathOf,
    journalOf: (name) => linesOf(pathOf(name)).map(parseLine),
    journalPlugin: (name, order = {}, launch = {}) =>
      test.host.launch({
        name,
        ...nodeCommand('journal-plugin', { ...order, journal: pathOf(name) }),
        env: childEnv(),
        backoff: { initialMs: 20, jitter: 'none' },
        stop: { drainMs: 20_000 },
        ...launch,
        events: { subscribe: [`work.*`], emit: ['echo.*'], ...BLOCK, ...launch.events },
      }),
  };
}

/** Publishes an event and waits until every queue has it. Returns its id. */
export async function publish(bus: Bus, type: string, payload: Deed): Promise<string> {
  const receipt: Receipt = bus.publish({ type, payload });
  if (!receipt.accepted) throw receipt.error;
  await receipt.queued;
  return receipt.id;
}

/** The subscription of a plugin, which goes on telling after its end. */
export function viewOf(bus: Bus, name: string): SubscriptionView {
  const view = bus.subscriptions().find((one) => one.name === name);
  if (view === undefined) throw new Error(`there is no subscription "${name}"`);
  return view;
}

/** How far the books of a subscription are off: 0, at every instant. */
export function imbalance({ counters }: SubscriptionView): number {
  const { published, delivered, dropped, failed, pending, unknown } = counters;
  return published - delivered - dropped - failed - pending - unknown;
}

/** Those that stand there before, in the order in which they stand there first. */
export function firstOnes(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // nothing was handled yet
  }
}

function parseLine(line: string): HandledLine {
  const [id = '', pid, attempt, redelivered] = line.split(' ');
  return { id, pid: Number(pid), attempt: Number(attempt), redelivered: redelivered === 'true' };
}
