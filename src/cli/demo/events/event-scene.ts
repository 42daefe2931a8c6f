// The scene about events: 10,000 of them to five plugins in three forms, while a stream is cut and a process is killed.
//
// Invariants:
//   E1. Nothing waits for time: each step begins when a fact holds.
//   E2. The host is stopped, whatever ends the scene.

import { RuntimeError } from '../../../errors/index.ts';
import { createHost } from '../../../host/index.ts';
import type { Host, Plugin } from '../../../host/index.ts';
import { createRealEnvironment, createSilentLogger } from '../../../ports/index.ts';
import { factText, isStreamFact } from '../../fact-text.ts';
import { pluginCommand } from '../plugin-command.ts';
import type { SceneStage } from '../stage.ts';
import { holdsWithin } from '../wait.ts';
import { journalFile } from '../workspace.ts';
import { EVENT_CAST, eventOptionsOf, KILLED_AT, PLACED, SHIPPED, subscribers } from './event-cast.ts';
import type { EventRole } from './event-cast.ts';
import { countJournal, readHandled, readPublished } from './event-journal.ts';
import type { EventCounts, EventRow, EventsReport } from './event-report.ts';
import { eventLines } from './event-table.ts';
import type { TalkReport } from './event-talker.ts';
import { createPublishedLog } from './published-log.ts';
import type { PublishedLog } from './published-log.ts';
import { createStreamListener, streamText } from './stream-facts.ts';

const EVENTS = 10_000;
const PAYLOAD_BYTES = 200;
const TELL_EVERY = 2_000;
/** Number of the event at which the talker talks. */
const TALK_AT = 4_000;
const PARCELS = 20;
const KILL_LIMIT_MS = 15_000;
const SETTLE_LIMIT_MS = 30_000;
const BACKOFF = { initialMs: 250, jitter: 'none' } as const;
const NOTHING: EventCounts = { published: 0, delivered: 0, dropped: 0, failed: 0, pending: 0, unknown: 0 };

/** Plays the scene and stops its host. Rejects with what went wrong, or with CANCELLED when it is ended early. */
export async function playEvents(stage: SceneStage): Promise<EventsReport> {
  const scene = new EventScene(stage);
  const hurry = (): void => void Promise.all(scene.host.plugins().map((plugin) => plugin.kill()));
  // A publisher that waits for room hears of nothing else.
  const end = (): void => void scene.host.stop();
  stage.stop.forced.addEventListener('abort', hurry, { once: true });
  stage.stop.requested.addEventListener('abort', end, { once: true });
  try {
    await scene.play();
  } finally {
    stage.show(() => []);
    await scene.host.stop();
    stage.stop.forced.removeEventListener('abort', hurry);
    stage.stop.requested.removeEventListener('abort', end);
  }
  return scene.report();
}

class EventScene {
  readonly host: Host;
  readonly #stage: SceneStage;
  readonly #log: PublishedLog = createPublishedLog();
  readonly #plugins = new Map<string, Plugin>();
  readonly #forms = new Map<string, string>();
  /** What the subscriptions count; each goes on telling after its end. */
  readonly #counts = new Map<string, () => EventCounts>();
  #fallbacks = 0;
  #resumed = 0;
  #talk: TalkReport = { emitted: 0, refusal: undefined };
  #perSecond = 0;

  constructor(stage: SceneStage) {
    this.#stage = stage;
    this.host = createHost({
      environment: createRealEnvironment({ logger: createSilentLogger() }),
      process: { backoff: BACKOFF },
      temporaryRoot: stage.root,
      events: { log: this.#log, source: 'demo' },
    });
    this.host.onFact(this.#listener());
    this.host.onFact((fact) => {
      stage.watch(fact);
      if (isStreamFact(fact)) return;
      const { text, tone } = factText(fact);
      stage.say(fact.plugin, text, tone);
    });
    stage.show((width, paint) => eventLines(this.#rows(), width, paint));
  }

  async play(): Promise<void> {
    const { say, clock } = this.#stage;
    say('demo', `a host with an event bus starts ${EVENT_CAST.length} plugins`);
    await Promise.all(EVENT_CAST.map((role) => this.#launch(role)));
    for (const subscription of this.host.bus.subscriptions()) {
      this.#counts.set(subscription.name, () => subscription.counters);
    }
    say('demo', `publishes ${shown(EVENTS)} events of ${PAYLOAD_BYTES} bytes; a full queue makes the publisher wait`);
    const began = clock.monotonic();
    await this.#publishAll();
    await this.#settled();
    const delivered = this.#rows().reduce((sum, row) => sum + row.delivered, 0);
    this.#perSecond = Math.round((delivered / (clock.monotonic() - began)) * 1000);
    say('demo', `all events are settled: ${shown(delivered)} deliveries, ${shown(this.#perSecond)} a second`, 'good');
  }

  /** What became of it, with what the plugins wrote down. For a scene that was played to its end. */
  report(): EventsReport {
    const { journals } = this.#stage;
    this.#log.write(journals);
    const published = readPublished(journals);
    const rows = this.#rows();
    const journalled = subscribers().map((role, index) => {
      const journal = countJournal(role, published, readHandled(journals, role.name));
      return { ...(rows[index] as EventRow), journal };
    });
    return {
      subscribers: journalled,
      talk: this.#talk,
      fallbacks: this.#fallbacks,
      resumed: this.#resumed,
      emitted: this.#log.count('talker'),
      refused: this.host.bus.counters.refused,
      perSecond: this.#perSecond,
    };
  }

  async #launch(role: EventRole): Promise<void> {
    const { name } = role;
    const { journals, stop } = this.#stage;
    const plugin = await this.host.launch({
      name,
      ...pluginCommand(name),
      config: { journal: journalFile(journals, name) },
      events: eventOptionsOf(role),
      signal: stop.requested,
    });
    this.#plugins.set(name, plugin);
  }

  async #publishAll(): Promise<void> {
    const { say, stop } = this.#stage;
    const others: Promise<void>[] = [];
    const meanwhile = (work: Promise<void>): void => {
      others.push(work);
      // What it rejects with is thrown below.
      work.catch(() => {});
    };
    meanwhile(this.#kill());
    for (let number = 1; number <= EVENTS; number += 1) {
      const receipt = this.host.bus.publish(orderOf(number));
      if (stop.requested.aborted) throw new RuntimeError('CANCELLED', 'the demo was interrupted');
      if (!receipt.accepted) throw receipt.error;
      await receipt.queued;
      if (number === TALK_AT) meanwhile(this.#letTalk());
      if (number % TELL_EVERY === 0 && number < EVENTS) say('demo', `${shown(number)} events are published`);
    }
    await Promise.all(others);
  }

  async #letTalk(): Promise<void> {
    const talk = await this.#plugin('talker').operations().execute('talk', PARCELS);
    this.#talk = talk as TalkReport;
    const { emitted, refusal } = this.#talk;
    const { say } = this.#stage;
    say('talker', `emits ${emitted} events of its own`, 'good');
    if (refusal !== undefined) say('talker', `is refused one more [${refusal.code}]: ${refusal.message}`, 'bad');
  }

  /** In the middle of an event: it is in the journal, and the host has not heard of it. */
  async #kill(): Promise<void> {
    const { clock, stop, journals, say } = this.#stage;
    const { pid } = this.#plugin('killed').status();
    if (pid === undefined) throw new RuntimeError('UNAVAILABLE', 'plugin "killed" has no process that could be killed');
    const isThere = (): boolean => readHandled(journals, 'killed').length >= KILLED_AT;
    if (!(await holdsWithin(KILL_LIMIT_MS, isThere, { clock, signal: stop.requested }))) {
      throw new RuntimeError('DEADLINE_EXCEEDED', `"killed" did not get ${KILLED_AT} events in ${KILL_LIMIT_MS} ms`);
    }
    say('demo', `kills process ${pid} of "killed" in the middle of an event: kill -9 ${pid}`);
    process.kill(pid, 'SIGKILL');
  }

  async #settled(): Promise<void> {
    const { clock, stop } = this.#stage;
    const isSettled = (): boolean => [...this.#counts.values()].every((counts) => counts().pending === 0);
    if (await holdsWithin(SETTLE_LIMIT_MS, isSettled, { clock, signal: stop.requested })) return;
    throw new RuntimeError('DEADLINE_EXCEEDED', `events were not settled within ${SETTLE_LIMIT_MS} ms`);
  }

  #rows(): EventRow[] {
    return subscribers().map(({ name }) => ({
      name,
      form: this.#forms.get(name),
      state: (this.#plugins.get(name) ?? this.host.plugin(name))?.status().state ?? '-',
      ...(this.#counts.get(name)?.() ?? NOTHING),
    }));
  }

  #listener(): ReturnType<typeof createStreamListener> {
    return createStreamListener((plugin, fact) => {
      if (fact.type === 'stream.opened') this.#forms.set(plugin, fact.form);
      if (fact.type === 'stream.unsupported' || fact.type === 'stream.fellBack') this.#fallbacks += 1;
      if (fact.type === 'stream.resumed') this.#resumed += 1;
      const told = streamText(fact);
      if (told !== undefined) this.#stage.say(plugin, told.text, told.tone);
    });
  }

  #plugin(name: EventRole['name']): Plugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) throw new RuntimeError('INTERNAL', `plugin "${name}" of the demo was not launched`);
    return plugin;
  }
}

function orderOf(number: number): { type: string; payload: { number: number; note: string } } {
  const rest = PAYLOAD_BYTES - JSON.stringify({ number, note: '' }).length;
  return { type: number % 10 === 0 ? SHIPPED : PLACED, payload: { number, note: '.'.repeat(rest) } };
}

/** `10,000`. */
function shown(count: number): string {
  return count.toLocaleString('en-GB');
}
