// Plugins under load while their versions change, and what their journals are held against.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { LaunchOptions, Plugin } from '../../../src/host/index.ts';
import { KvServiceService, ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { childEnv, hostForTest } from '../support.ts';
import type { TestHost } from '../support.ts';
import type { WorkerOrder } from './fixtures/worker-plugin.ts';

/** Something that a plugin has written down. */
export interface JournalLine {
  readonly kind: string;
  readonly id: string;
  readonly pid: number;
}

/** A host with one plugin that is under load. */
export interface ReplaceScene {
  readonly test: TestHost;
  /** Options of a version that writes to the journal. */
  version(order?: Omit<WorkerOrder, 'journal'>, launch?: Partial<LaunchOptions>): LaunchOptions;
  /** The same for the program in Go. */
  goVersion(command: string): LaunchOptions;
  lines(kind: 'call' | 'event'): readonly JournalLine[];
}

/** Long enough that nothing is cut on a slow machine. */
const PATIENT = { drainMs: 20_000, graceMs: 10_000, terminateMs: 5_000 } as const;

/** A queue with room for everything that is published while a version is drained. */
const EVENTS = { subscribe: ['work.*'], emit: ['echo.*'], capacity: 100_000, rateLimit: 100_000 } as const;

/** A host for tests about versions, and a journal that all versions share. */
export function replaceScene(): ReplaceScene {
  const test = hostForTest({ crashBudget: { limit: 1_000_000 }, events: { source: 'core' } });
  const directory = mkdtempSync('/tmp/tr-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const journal = join(directory, 'journal');
  const common = { name: 'worker', stop: PATIENT, health: { intervalMs: 60_000 }, events: EVENTS } as const;
  return {
    test,
    version: (order = {}, launch = {}) => ({
      ...common,
      command: process.execPath,
      args: [
        '--conditions=source',
        fileURLToPath(new URL('./fixtures/worker-plugin.ts', import.meta.url)),
        JSON.stringify({ ...order, journal }),
      ],
      env: childEnv(),
      startTimeoutMs: 20_000,
      ...launch,
    }),
    goVersion: (command) => ({ ...common, command, env: { JOURNAL: journal }, startTimeoutMs: 20_000 }),
    lines: (kind) => linesOf(journal).filter((line) => line.kind === kind),
  };
}

/** A load that is under way. */
export interface Load<Report> {
  /** Ends it, and waits for what is under way. */
  stop(): Promise<Report>;
}

/** What became of calls: ids of those that were answered, and what the others failed with. */
export interface CallReport {
  readonly answered: readonly string[];
  readonly failed: readonly unknown[];
}

/** One call with an id. */
export type MakeCall = (id: string) => Promise<unknown>;

/** The four kinds of calls, taken in turn. */
export function callsOf(plugin: Plugin): MakeCall {
  const { echo, download, upload, chat } = plugin.dispense(ProbeServiceService);
  const kinds: readonly MakeCall[] = [
    (text) => echo({ text }),
    (text) => lengthOf(download({ count: 3, text })),
    (text) => upload([{ text }, { text }]),
    (text) => lengthOf(chat([{ text }, { text }])),
  ];
  let made = 0;
  return (id) => (kinds[made++ % kinds.length] as MakeCall)(id);
}

/** Calls of a plugin in Go. */
export function putsOf(plugin: Plugin): MakeCall {
  const { put } = plugin.dispense(KvServiceService);
  return (key) => put({ key, value: Buffer.alloc(0) });
}

/** Keeps so many calls in flight, without ever making one again. */
export function callAll(call: MakeCall, atOnce: number): Load<CallReport> {
  const answered: string[] = [];
  const failed: unknown[] = [];
  let made = 0;
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      const id = `c${(made += 1)}`;
      try {
        await call(id);
        answered.push(id);
      } catch (error) {
        failed.push(error);
        // A refusal takes no time at all, and nothing else would get a turn.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const running = Promise.all(Array.from({ length: atOnce }, run));
  return {
    async stop() {
      isOver = true;
      await running;
      return { answered, failed };
    },
  };
}

/** Publishes about so many events a second. The report has their ids, in order. */
export function publishAll({ host }: TestHost, perSecond: number): Load<readonly string[]> {
  const ids: string[] = [];
  const began = performance.now();
  const publish = (): void => {
    const due = ((performance.now() - began) * perSecond) / 1_000;
    while (ids.length < due) {
      const receipt = host.bus.publish({ type: 'work.item', payload: ids.length });
      if (!receipt.accepted) throw receipt.error;
      ids.push(receipt.id);
    }
  };
  const timer = setInterval(publish, 5);
  return {
    async stop() {
      clearInterval(timer);
      return ids;
    },
  };
}

async function lengthOf(stream: AsyncIterable<unknown>): Promise<number> {
  let length = 0;
  for await (const _ of stream) length += 1;
  return length;
}

/** What a journal says. */
export function linesOf(path: string): JournalLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return []; // nothing was handled yet
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [kind = '', id = '', pid] = line.split(' ');
      return { kind, id, pid: Number(pid) };
    });
}
