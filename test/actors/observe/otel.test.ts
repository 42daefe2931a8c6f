import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { setup } from 'xstate';
import { behavior, createSystem, observeWithOpenTelemetry, otelPropagation, tell } from '../../../src/actors/index.ts';
import type { ActorRef, Message, OtelMetricsOptions } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';

const manager = new AsyncLocalStorageContextManager();
beforeAll(() => void context.setGlobalContextManager(manager.enable()));
afterAll(() => {
  context.disable();
  trace.disable();
  metrics.disable();
});

describe('observeWithOpenTelemetry', () => {
  it('counts actors, waiting messages, time, failures, restarts and dead letters by kind and reason', async () => {
    const { system, environment, collect } = measured();
    const worker = behavior<Message, number>({
      initial: 0,
      receive: (n, { type }) => {
        if (type === 'fail') throw new Error('boom');
        return n + 1;
      },
    });
    const actor = system.spawn(worker, { name: 'worker', supervision: { restart: 'permanent' } });
    actor.tell({ type: 'work' });
    actor.tell({ type: 'fail' });
    await nextTurn(4);
    await environment.clock.advanceAsync(10_000);
    actor.tell({ type: 'work' });
    // The gauges are read at once, the counters after the turn in which the last message is processed.
    const waiting = await collect();

    expect(waiting).toMatchObject({
      'troupe.actors{behavior}': 1,
      'troupe.mailbox.depth{behavior}': 1,
      'troupe.mailbox.depth.max{behavior}': 1,
      'troupe.messages.processed{behavior}': 3,
      'troupe.actor.failures{behavior}': 1,
      'troupe.actor.restarts{behavior}': 1,
      'troupe.dead_letters{poison}': 1,
      'troupe.message.processing.duration{behavior}': 3,
    });
  });

  it('M1: counts kinds beyond `maxKinds` as other, and asks `kindOf`', async () => {
    const { system, collect } = measured({ kindOf: (path) => path, maxKinds: 2 });
    for (const name of ['a', 'b', 'c', 'd']) system.spawn(behavior({ initial: 0, receive: () => 0 }), { name });

    await expect(collect()).resolves.toEqual({
      'troupe.actors{/a}': 1,
      'troupe.actors{/b}': 1,
      'troupe.actors{other}': 2,
      'troupe.mailbox.depth{/a}': 0,
      'troupe.mailbox.depth{/b}': 0,
      'troupe.mailbox.depth{other}': 0,
      'troupe.mailbox.depth.max{/a}': 0,
      'troupe.mailbox.depth.max{/b}': 0,
      'troupe.mailbox.depth.max{other}': 0,
    });
  });

  it('M2: measures nothing after its end', async () => {
    const { system, end, collect } = measured();
    system.spawn(behavior({ initial: 0, receive: () => 0 }), { name: 'a' });
    end();
    system.actor('/a')?.tell({ type: 'x' });
    await nextTurn();

    await expect(collect()).resolves.toEqual({});
  });

  it('is refused by a system that cannot be inspected', () => {
    const system = createSystem({ environment: createManualEnvironment(), inspect: false });

    expect(() => observeWithOpenTelemetry(system)).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
  });
});

describe('otelPropagation', () => {
  it('P1: one trace from the program through a chart and a behaviour, each message a span of its own', async () => {
    const { system, spans, tracer } = traced();
    const last = system.spawn(behavior<Message, undefined>({ initial: undefined, receive: () => undefined }), {
      name: 'last',
    });
    const middle = system.spawn(relay(last), { name: 'middle' });

    tracer.startActiveSpan('request', (span) => {
      middle.tell({ type: 'go' });
      span.end();
    });
    await nextTurn();

    expect(tree(spans())).toEqual(['request', 'request > process go', 'request > process go > process next']);
    expect(spans()[1]?.attributes).toEqual({
      'messaging.system': 'troupe',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': '/middle',
    });
  });

  it('P2: a question is a span until it is answered, around the processing of it', async () => {
    const { system, spans } = traced();
    const echo = system.spawn(
      behavior<Message, undefined>({
        initial: undefined,
        receive: (_, message, actor) => (actor.reply(message.type), undefined),
      }),
      { name: 'echo' },
    );

    await system.ask(echo, { type: 'hi' }, { deadlineMs: 100 });

    expect(tree(spans()).sort()).toEqual(['ask hi', 'ask hi > process hi']);
    expect(spans().every(({ ended }) => ended)).toBe(true);
  });

  it('says by their code which messages an actor failed on, and which questions', async () => {
    const { system, spans, environment } = traced();
    const broken = system.spawn(
      behavior<Message, undefined>({
        initial: undefined,
        receive: () => {
          throw new Error('the password is hunter2');
        },
      }),
      { name: 'broken' },
    );
    const silent = system.spawn(behavior<Message, number>({ initial: 0, receive: (n) => n }), { name: 'silent' });
    const asked = [broken, silent].map((ref) =>
      system.ask(ref, { type: 'q' }, { deadlineMs: 50 }).catch(() => 'failed'),
    );
    await nextTurn();
    await environment.clock.advanceAsync(50);
    await Promise.all(asked);

    expect(
      spans()
        .map(({ name, attributes }) => `${name} ${JSON.stringify(attributes['error.type'] ?? 'ok')}`)
        .sort(),
    ).toEqual(['ask q "ACTOR_FAILED"', 'ask q "DEADLINE_EXCEEDED"', 'process q "ACTOR_FAILED"', 'process q "ok"']);
    expect(JSON.stringify(spans().map(({ attributes, status }) => [attributes, status]))).not.toContain('hunter2');
  });

  it('ends the span of a question that is refused', async () => {
    const { system, spans } = traced();
    const gone = system.spawn(behavior<Message, number>({ initial: 0, receive: (n) => n }), { name: 'gone' });
    await system.stopActor(gone);

    await expect(system.ask(gone, { type: 'q' }, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'ACTOR_STOPPED' });

    expect(spans().map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['ask q', 'ACTOR_STOPPED'],
    ]);
  });
});

// Helpers

function relay(last: ActorRef) {
  return setup({ actions: { pass: tell(last, { type: 'next' }) } }).createMachine({ on: { go: { actions: 'pass' } } });
}

function traced() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const environment = createManualEnvironment();
  const system = createSystem({ environment, propagation: otelPropagation({ tracerProvider }) });
  const spans = () => exporter.getFinishedSpans();
  return { system, environment, spans, tracer: tracerProvider.getTracer('test') };
}

/** Each span with those above it. */
function tree(spans: ReturnType<ReturnType<typeof traced>['spans']>): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const pathOf = (span: (typeof spans)[number]): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '');
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return spans.map(pathOf);
}

function measured(options: OtelMetricsOptions = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Exports when it is told to, not by its timer.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6, exportTimeoutMillis: 1e5 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => meterProvider.shutdown());
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  const end = observeWithOpenTelemetry(system, { meterProvider, ...options });
  const collect = async (): Promise<Record<string, unknown>> => {
    const { resourceMetrics } = await reader.collect();
    const points = resourceMetrics.scopeMetrics.flatMap((scope) =>
      scope.metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const count = typeof value === 'number' ? value : (value as { readonly count: number }).count;
          return [`${descriptor.name}{${String(Object.values(attributes)[0])}}`, count] as const;
        }),
      ),
    );
    return Object.fromEntries(points);
  };
  return { system, environment, end, collect };
}
