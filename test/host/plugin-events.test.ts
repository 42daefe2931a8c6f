import { describe, expect, it } from 'vitest';
import { createPluginEvents } from '../../src/host/plugin-events.ts';
import type { PluginEventPorts } from '../../src/host/plugin-events.ts';
import type { EventStreamOutcome } from '../../src/machines/index.ts';
import { createSilentLogger } from '../../src/ports/index.ts';
import type { PlacedPlugin, PluginConnection, ProcessExit } from '../../src/ports/index.ts';

const CONNECTION = {} as PluginConnection;
const EXIT: ProcessExit = { code: 0, signal: null };

describe('the events of a plugin, step by step', () => {
  it('begin with the way to the host before Init, and the subscription after it', async () => {
    const { steps, events, place } = scene();

    const process = await place();
    await process.probe();
    expect(steps).toEqual(['serve', 'accept 1', 'init', 'subscribe']);
    events.ready(CONNECTION);
    await turn();

    expect(steps.slice(4)).toEqual(['carry 1']);
  });

  it('end with the queue, then the stream, then the process', async () => {
    const { steps, events, place } = scene();
    const process = await place();
    await process.probe();
    events.ready(CONNECTION);
    await turn();
    steps.length = 0;

    await events.drain(true);
    process.exit();
    await events.close();

    expect(steps).toEqual(['subscription.stop 500', 'stream 1.stop 0', 'stream 1.lost', 'subscription.stop 0']);
  });

  it('keep the subscription over a restart, and carry to the next process when the last one is let go', async () => {
    const { steps, events, place } = scene();
    const first = await place();
    await first.probe();
    events.ready(CONNECTION);
    await turn();
    steps.length = 0;

    await events.drain(false);
    first.exit();
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();

    expect(steps).toEqual(['stream 1.stop 500', 'stream 1.lost', 'serve', 'accept 1', 'init', 'carry 2']);
  });

  it('need no subscription for a plugin that only emits', async () => {
    const { steps, events, place } = scene({ subscribes: false });
    const process = await place();
    await process.probe();
    events.ready(CONNECTION);
    await events.drain(true);
    await events.close();

    expect(steps).toEqual(['serve', 'accept 1', 'init', 'subscribe']);
  });

  it('leave nothing behind when the way to the host cannot be opened', async () => {
    const { steps, events, place } = scene({ fails: 'accept' });
    const process = await place();

    await expect(process.probe()).rejects.toThrow('accept failed');
    await events.close();

    expect(steps).toEqual(['serve', 'accept 1']);
  });

  it('survive a stream that does not end in order', async () => {
    const { steps, events, place } = scene({ fails: 'stop' });
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();

    await events.drain(true);
    await events.close();

    expect(steps.at(-1)).toBe('subscription.stop 0');
  });

  it('end the subscription at once when they cannot be carried, and the next process begins another one', async () => {
    const { steps, events, place } = scene({ fails: 'carry' });
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();
    expect(steps.slice(3)).toEqual(['subscribe', 'carry 1', 'subscription.stop 0', 'failed INTERNAL']);
    steps.length = 0;

    await events.drain(true);
    await (await place()).probe();
    await events.close();

    expect(steps).toEqual(['serve', 'accept 1', 'init', 'subscribe', 'subscription.stop 0']);
  });

  it('end the subscription at once when the plugin takes them in no form', async () => {
    const failure = { code: 'EVENTS_UNSUPPORTED', message: 'in no form' } as const;
    const { steps, events, place, endStream } = scene();
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();
    steps.length = 0;

    endStream({ kind: 'failed', failure });
    await turn();
    await events.drain(true);
    await events.close();

    expect(steps).toEqual(['subscription.stop 0', 'failed EVENTS_UNSUPPORTED']);
  });

  it('are told as ended by no stream of a process that is gone', async () => {
    const failure = { code: 'EVENTS_UNSUPPORTED', message: 'in no form' } as const;
    const { steps, events, place, endStream } = scene();
    const process = await place();
    await process.probe();
    events.ready(CONNECTION);
    await turn();

    process.exit();
    await turn();
    endStream({ kind: 'failed', failure });
    await turn();

    expect(steps.slice(-2)).toEqual(['carry 1', 'stream 1.lost']);
  });

  it('have failed the launch when the bus refuses the subscription, before the plugin takes a call', async () => {
    const { events, place } = scene({ fails: 'subscribe' });

    await expect((await place()).probe()).rejects.toThrow('subscribe failed');
    await events.close();
  });

  it('do not end a plugin that has taken calls when the bus refuses a second subscription', async () => {
    const options: SceneOptions = { fails: 'carry' };
    const { steps, events, place } = scene(options);
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();

    Object.assign(options, { fails: 'subscribe' });
    await (await place()).probe();
    events.ready(CONNECTION);
    await turn();

    expect(steps.at(-1)).toBe('subscribe');
  });

  it('begin no stream to a process that is gone before the last one is let go, nor after the end', async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    const { steps, events, place } = scene({ letGo });
    const first = await place();
    await first.probe();
    events.ready(CONNECTION);
    await turn();
    first.exit();
    const second = await place();
    await second.probe();
    events.ready(CONNECTION);
    await turn();
    second.exit();
    await turn();
    resolve();
    await events.close();
    events.ready(CONNECTION);
    await turn();

    expect(steps.filter((step) => step.startsWith('carry'))).toEqual(['carry 1']);
  });
});

// Helpers

interface Fake {
  readonly route: (patterns: readonly string[]) => void;
  readonly shut: () => void;
  readonly stop: (options: { readonly drainMs: number }) => Promise<unknown>;
  readonly lost: () => Promise<unknown>;
  readonly ended: Promise<EventStreamOutcome>;
}

interface SceneOptions {
  readonly subscribes?: boolean;
  /** The step that fails. */
  readonly fails?: string;
  /** What a lost stream waits for. */
  readonly letGo?: Promise<void>;
}

function scene(options: SceneOptions = {}) {
  const { subscribes = true, letGo } = options;
  const steps: string[] = [];
  const { promise: ended, resolve: endStream } = Promise.withResolvers<EventStreamOutcome>();
  const failAt = (step: string): void => {
    if (options.fails === step) throw new Error(`${step} failed`);
  };
  const fake = (name: string): Fake => ({
    route: (patterns) => void steps.push(`${name}.route ${patterns.join()}`),
    shut: () => void steps.push(`${name}.shut`),
    async stop({ drainMs }) {
      steps.push(`${name}.stop ${drainMs}`);
      failAt('stop');
    },
    async lost() {
      steps.push(`${name}.lost`);
      await letGo;
    },
    ended,
  });
  const ports: PluginEventPorts<Fake, Fake> = {
    patterns: ['work.*'],
    subscribe() {
      steps.push('subscribe');
      failAt('subscribe');
      return subscribes ? fake('subscription') : undefined;
    },
    serve() {
      steps.push('serve');
      return { id: 1, service: { descriptor: {}, implementation: {} } };
    },
    carry(_, __, process) {
      steps.push(`carry ${process}`);
      failAt('carry');
      return fake(`stream ${process}`);
    },
    failed({ code }) {
      steps.push(`failed ${code}`);
    },
  };
  const events = createPluginEvents({ ports, log: createSilentLogger(), drainMs: 500 });
  return {
    steps,
    events,
    endStream,
    async place() {
      const { promise, resolve } = Promise.withResolvers<ProcessExit>();
      const inner = {
        pid: 1,
        exited: promise,
        async probe() {
          steps.push('init');
        },
        broker: () => ({
          async accept(id: number) {
            steps.push(`accept ${id}`);
            failAt('accept');
          },
        }),
      };
      const placement = events.place({ place: async () => inner as unknown as PlacedPlugin });
      const placed = await placement.place(1);
      return { probe: () => placed.probe(AbortSignal.any([])), exit: () => resolve(EXIT) };
    },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
