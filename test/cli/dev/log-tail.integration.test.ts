import { describe, expect, it, onTestFinished } from 'vitest';
import { createHostClient } from '../../../src/cli/dev/upload/host-client.ts';
import { createLogTailLogic, createSystem } from '../../../src/actors/index.ts';
import { createDevRoutes, openOpsListener } from '../../../src/host/index.ts';
import type { DevLogSource, OpsListener } from '../../../src/host/index.ts';
import { createLogHub } from '../../../src/host/logs/index.ts';
import type { LogHub, LogRecord } from '../../../src/host/logs/index.ts';
import { createRealClock, createRealEnvironment, createSilentLogger } from '../../../src/ports/index.ts';
import { waitFor } from '../../transport/process/support.ts';
import { createFakeLifecycle } from '../../host/dev/fake-lifecycle.ts';

describe('the tail of a log over the listener', () => {
  it('gets each line once, from its start on, also when the listener was away', async () => {
    const clock = createRealClock();
    const hub = createLogHub({ clock });
    const first = await listen(hub, 0);
    const { lines, isReading, facts } = tail(first.url);
    await waitFor('the first answer', isReading);

    log(hub, 'one');
    await waitFor('one', () => lines.includes('one'));
    await first.close();
    await waitFor('the loss', () => facts.includes('logs.lost'));
    log(hub, 'two');
    await listen(hub, first.port);
    await waitFor('two', () => lines.includes('two'));

    expect(lines).toEqual(['one', 'two']);
    expect(facts.filter((fact) => fact !== 'logs.read')).toEqual(['logs.lost', 'logs.resumed']);
  });
});

// Helpers

function log({ logger }: LogHub, message: string): void {
  logger.log('info', message, { plugin: 'kv' });
}

async function listen(hub: LogHub, port: number): Promise<OpsListener> {
  const [clock, silent] = [createRealClock(), createSilentLogger()];
  const lines = linesOf(hub);
  const logs: DevLogSource = {
    hub,
    // Files are the business of the logs' own tests; here the lines since the test began are kept.
    async *tail({ after = 0, signal }) {
      const live = hub.subscribe({ plugin: 'kv' });
      signal?.addEventListener('abort', () => live.close(), { once: true });
      for (const record of lines.filter(({ cursor }) => cursor > after)) yield { kind: 'line', record };
      yield* live;
    },
  };
  const { lifecycle } = createFakeLifecycle();
  const { routes } = createDevRoutes({ lifecycle, clock, log: silent, logs });
  const listener = await openOpsListener({ port, routes, token: 't', clock, log: silent });
  onTestFinished(() => listener.close());
  return listener;
}

const sinks = new WeakMap<LogHub, LogRecord[]>();

/** All lines of the hub since it was first asked for. */
function linesOf(hub: LogHub): LogRecord[] {
  const known = sinks.get(hub);
  if (known !== undefined) return known;
  const lines: LogRecord[] = [];
  sinks.set(hub, lines);
  onTestFinished(hub.addSink((record) => void lines.push(record)));
  return lines;
}

function tail(base: string): { readonly lines: string[]; readonly facts: string[]; readonly isReading: () => boolean } {
  const client = createHostClient({ base, token: 't' });
  const environment = createRealEnvironment({ logger: createSilentLogger() });
  const system = createSystem({ environment });
  let answers = 0;
  const logic = createLogTailLogic({
    async read(plugin, cursor, signal) {
      const page = await client.logs(plugin, cursor, signal);
      answers += 1;
      return page;
    },
  });
  const actor = system.spawn(logic, { name: 'tail', input: { plugin: 'kv', pauseMs: 1 } });
  const [lines, facts]: [string[], string[]] = [[], []];
  actor.onFact((fact) => {
    facts.push(fact.type);
    if (fact.type === 'logs.read') lines.push(...fact.page.entries.map(({ message }) => message));
  });
  onTestFinished(() => system.stop().then(() => {}));
  return { lines, facts, isReading: () => answers > 0 };
}
