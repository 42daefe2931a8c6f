import { describe, expect, it } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import { startEventStream } from '../../../src/bus/delivery/index.ts';
import type { EventStream } from '../../../src/bus/delivery/index.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { EventServiceService } from '../../../src/gen/plugin/v1/plugin.ts';
import { createManualEnvironment, service } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { createFakeSource } from './support.ts';
import type { FakeSource } from './support.ts';

describe('a plugin of the awf protocol', () => {
  it.each([
    ['says so', true, 10],
    ['says nothing, as servers in Go do', false, 0],
  ])(
    'that accepts a plain stream and %s gets events at once, or after 1 s without a refusal',
    async (_, says, first) => {
      const { source, got, pass, stream } = startAwf({ hasStream: true, says });
      source.publish(10);

      await pass(999);
      const before = got.length;
      await pass(1);
      source.publish(10_000);
      await pass(0);

      expect([before, got]).toEqual([first, source.published]);
      expect([source.settled.delivered, stream.form]).toEqual([source.published, 'stream']);
    },
  );

  it('has nothing in flight when its process is lost before it has accepted the stream', async () => {
    const { source, got, pass, stream } = startAwf({ hasStream: true, says: false });
    source.publish(10);
    await pass(500);

    await stream.lost();

    expect([got, source.settled.unknown, source.waiting]).toEqual([[], [], 10]);
  });

  it('has taken all of 10,000 events 1 s after it is told to stop, whenever that is', async () => {
    const { source, got, pass, stream, environment } = startAwf({ hasStream: true });
    source.publish(10_000);
    await pass(0);

    const ended = stream.stop({ drainMs: 5000 });
    await pass(1000);

    expect(await ended).toEqual({ kind: 'closed' });
    expect([got.length, source.settled.delivered.length]).toEqual([10_000, 10_000]);
    expect(environment.clock.pending).toBe(0);
  });

  it('gets single calls when it knows no stream, and no event is lost', async () => {
    const { source, got, pass, stream } = startAwf({ hasStream: false });
    source.publish(10);

    await pass(0);

    expect([source.settled.delivered, got, stream.form]).toEqual([source.published, source.published, 'unary']);
    expect(source.emitted.map(({ type, contentType }) => [type, contentType]).slice(0, 1)).toEqual([
      ['echo.e1', 'application/json'],
    ]);
  });

  it('has taken everything when it is stopped', async () => {
    const { source, pass, stream } = startAwf({ hasStream: true });
    source.publish(100);
    await pass(0);

    const ended = stream.stop({ drainMs: 1000 });
    await pass(0);

    expect(await ended).toEqual({ kind: 'closed' });
    expect([source.settled.delivered.length, source.onTheirWay]).toEqual([100, 0]);
  });
});

// Helpers

interface Awf {
  readonly source: FakeSource;
  readonly got: readonly string[];
  readonly stream: EventStream;
  readonly environment: ManualEnvironment;
  pass(ms: number): Promise<void>;
}

interface AwfOptions {
  readonly hasStream: boolean;
  /** Whether it tells that it has accepted a stream. Default true. */
  readonly says?: boolean;
}

function startAwf({ hasStream, says = true }: AwfOptions): Awf {
  const environment = createManualEnvironment();
  const source = createFakeSource();
  const got: string[] = [];
  const plugin = service(EventServiceService, {
    async streamEvents(requests) {
      if (!hasStream) throw new RuntimeError('UNIMPLEMENTED', 'no stream');
      for await (const { id } of requests) got.push(id);
      return {};
    },
    handleEvent(request) {
      got.push(request.id);
      return { emittedEvents: [{ ...request, id: '', type: `echo.${request.id}`, payload: Buffer.from('{}') }] };
    },
  });
  const connection = createMemoryConnection([plugin], { clock: environment.clock });
  if (!says) {
    const { clientStream } = connection;
    connection.clientStream = (method, requests, { signal } = {}) =>
      clientStream.call(connection, method, requests, signal === undefined ? {} : { signal }) as never;
  }
  const system = createSystem({ environment });
  const stream = startEventStream(system, { source, connection, contract: 'awf', session: 's', name: 'awf' });
  return { source, got, stream, environment, pass: (ms) => environment.clock.advanceAsync(ms, { turns: 8 }) };
}
