// Lets the newest upload of each plugin win, without refusing any.
//
// Invariants:
//   T1. Of one plugin at most one upload is worked on at a time, and at most one waits.
//   T2. What waits gives way to what comes later; whoever sent it gets the answer of what took its place.
//   T3. Of one session an upload of older sources never follows one of newer sources.
//   T4. Work that has begun is not given up, whoever goes away.

import { RuntimeError } from '../../errors/index.ts';

/** Who uploads, and which generation of the sources. */
export interface UploadOrder {
  readonly session: string | undefined;
  readonly generation: number;
}

/** What came of an upload. */
export interface TurnOutcome<Answer> {
  readonly answer: Answer;
  /** Whether another upload took its place. */
  readonly isSuperseded: boolean;
}

/** The uploads of all plugins. */
export interface UploadTurns<Answer> {
  /** Does the work in its turn, or not at all when a newer upload takes its place. Rejects as the work does. */
  take(plugin: string, order: UploadOrder, work: () => Promise<Answer>): Promise<TurnOutcome<Answer>>;
  /** Settles when nothing is under way. */
  idle(): Promise<void>;
}

interface Turn<Answer> {
  readonly order: UploadOrder;
  readonly result: PromiseWithResolvers<TurnOutcome<Answer>>;
  /** Taken away when it is done or gave way: it holds what was uploaded. */
  work: (() => Promise<Answer>) | undefined;
}

interface Line<Answer> {
  running: Turn<Answer> | undefined;
  waiting: Turn<Answer> | undefined;
  /** The newest that was worked on, of each session; kept for T3. */
  readonly last: Map<string, Turn<Answer>>;
}

/** Plugins whose last uploads are remembered. */
const MOST_PLUGINS = 256;
/** Sessions of one plugin whose last upload is remembered, the latest ones. */
const MOST_SESSIONS = 16;

/** Creates the turns. */
export function createUploadTurns<Answer>(): UploadTurns<Answer> {
  const lines = new Map<string, Line<Answer>>();
  return {
    async take(plugin, order, work) {
      const line = lineOf(lines, plugin);
      const last = line.last.get(order.session ?? '');
      const newer = [line.waiting, line.running, last].find((turn) => turn !== undefined && isNewer(turn, order));
      if (newer !== undefined) return supersededBy(newer);
      const turn: Turn<Answer> = { order, work, result: Promise.withResolvers<TurnOutcome<Answer>>() };
      // Its sender may be gone, and nobody may look.
      turn.result.promise.catch(() => {});
      enqueue(line, turn);
      return turn.result.promise;
    },
    async idle() {
      for (const { running, waiting } of lines.values()) {
        await Promise.allSettled([running?.result.promise, waiting?.result.promise]);
      }
    },
  };
}

/** T1, T2. */
function enqueue<Answer>(line: Line<Answer>, turn: Turn<Answer>): void {
  const former = line.waiting;
  if (former !== undefined) {
    former.work = undefined;
    former.result.resolve(supersededBy(turn));
  }
  line.waiting = turn;
  if (line.running === undefined) void runAll(line);
}

async function supersededBy<Answer>({ result }: Turn<Answer>): Promise<TurnOutcome<Answer>> {
  return { ...(await result.promise), isSuperseded: true };
}

/** T4. */
async function runAll<Answer>(line: Line<Answer>): Promise<void> {
  for (let turn = next(line); turn !== undefined; turn = next(line)) {
    try {
      const answer = await turn.work?.();
      turn.result.resolve({ answer: answer as Answer, isSuperseded: false });
    } catch (error) {
      turn.result.reject(error);
    }
    turn.work = undefined;
    remember(line, turn);
    line.running = undefined;
  }
}

function remember<Answer>({ last }: Line<Answer>, turn: Turn<Answer>): void {
  const { session } = turn.order;
  if (session === undefined) return;
  last.delete(session);
  last.set(session, turn);
  const [oldest] = last.keys();
  if (last.size > MOST_SESSIONS && oldest !== undefined) last.delete(oldest);
}

function next<Answer>(line: Line<Answer>): Turn<Answer> | undefined {
  line.running = line.waiting;
  line.waiting = undefined;
  return line.running;
}

/** T3. */
function isNewer<Answer>(turn: Turn<Answer>, { session, generation }: UploadOrder): boolean {
  return session !== undefined && turn.order.session === session && turn.order.generation > generation;
}

function lineOf<Answer>(lines: Map<string, Line<Answer>>, plugin: string): Line<Answer> {
  const known = lines.get(plugin);
  if (known !== undefined) return known;
  if (lines.size >= MOST_PLUGINS) forgetIdle(lines);
  const line: Line<Answer> = { running: undefined, waiting: undefined, last: new Map() };
  lines.set(plugin, line);
  return line;
}

/** Throws RESOURCE_EXHAUSTED when all are busy. */
function forgetIdle<Answer>(lines: Map<string, Line<Answer>>): void {
  for (const [plugin, { running }] of lines) {
    if (running !== undefined) continue;
    lines.delete(plugin);
    return;
  }
  throw new RuntimeError('RESOURCE_EXHAUSTED', `uploads of ${MOST_PLUGINS} plugins are under way, which is the limit`);
}
