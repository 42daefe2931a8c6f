import { describe, expect, it } from 'vitest';
import { createPluginEvents } from '../../src/host/plugin-events.ts';
import type { PluginEventPorts } from '../../src/host/plugin-events.ts';
import { createSilentLogger } from '../../src/ports/index.ts';
import type { PlacedPlugin, PluginConnection, ProcessExit } from '../../src/ports/index.ts';

const CONNECTION = {} as PluginConnection;
const EXIT: ProcessExit = { code: 0, signal: null };

describe('the events of a plugin, step by step', () => {
  it('begin with the way to the host before Init, and the subscription after it', async () => {
    const { steps, events, place } = scene();

    const process = await place();
    await process.placed.probe(AbortSignal.any([]));
    events.ready(CONNECTION);
    await turn();

    expect(steps).toEqual(['serve', 'accept 1', 'init', 'subscribe', 'carry 1']);
  });

  it('end with the queue, then the stream, then the process', async () => {
    const { steps, events, place } = scene();
    const process = await place();
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
    events.ready(CONNECTION);
    await turn();
    steps.length = 0;

    await events.drain(false);
    first.exit();
    await place();
    events.ready(CONNECTION);
    await turn();

    expect(steps).toEqual(['stream 1.stop 500', 'stream 1.lost', 'carry 2']);
  });

  it('need no subscription for a plugin that only emits', async () => {
    const { steps, events, place } = scene({ subscribes: false });
    const process = await place();
    await process.placed.probe(AbortSignal.any([]));
    events.ready(CONNECTION);
    await events.drain(true);
    await events.close();

    expect(steps).toEqual(['serve', 'accept 1', 'init', 'subscribe']);
  });

  it('leave nothing behind when the way to the host cannot be opened', async () => {
    const { steps, events, place } = scene({ fails: 'accept' });
    const process = await place();

    await expect(process.placed.probe(AbortSignal.any([]))).rejects.toThrow('accept failed');
    await events.close();

    expect(steps).toEqual(['serve', 'accept 1']);
  });

  it('survive a stream that cannot be started, or does not end in order', async () => {
    const failing = scene({ fails: 'carry' });
    await failing.place();
    failing.events.ready(CONNECTION);
    await turn();
    await failing.events.close();
    expect(failing.steps).toEqual(['subscribe', 'carry 1', 'subscription.stop 0']);

    const stuck = scene({ fails: 'stop' });
    await stuck.place();
    stuck.events.ready(CONNECTION);
    await turn();
    await stuck.events.drain(true);
    await stuck.events.close();
    expect(stuck.steps.at(-1)).toBe('subscription.stop 0');
  });

  it('begin no stream to a process that is gone before the last one is let go, nor after the end', async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    const { steps, events, place } = scene({ letGo });
    const first = await place();
    events.ready(CONNECTION);
    await turn();
    first.exit();
    const second = await place();
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
  readonly stop: (options: { readonly drainMs: number }) => Promise<unknown>;
  readonly lost: () => Promise<unknown>;
}

interface SceneOptions {
  readonly subscribes?: boolean;
  /** The step that fails. */
  readonly fails?: string;
  /** What a lost stream waits for. */
  readonly letGo?: Promise<void>;
}

function scene({ subscribes = true, fails = '', letGo }: SceneOptions = {}) {
  const steps: string[] = [];
  const failAt = (step: string): void => {
    if (fails === step) throw new Error(`${step} failed`);
  };
  const fake = (name: string): Fake => ({
    async stop({ drainMs }) {
      steps.push(`${name}.stop ${drainMs}`);
      failAt('stop');
    },
    async lost() {
      steps.push(`${name}.lost`);
      await letGo;
    },
  });
  const ports: PluginEventPorts<Fake, Fake> = {
    subscribe() {
      steps.push('subscribe');
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
  };
  const events = createPluginEvents({ ports, log: createSilentLogger(), drainMs: 500 });
  return {
    steps,
    events,
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
      return { placed: await placement.place(1), exit: () => resolve(EXIT) };
    },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
