// What an event costs on its way from a bus to the handler of a plugin in another process, beside bare grpc-js and beside
// go-plugin itself.
//
// All sides move the same event (sample.ts): 200 bytes encoded, two entries of metadata, an opaque payload; each is made
// anew. A rate counts events whose acknowledgement the host has, and for a foreign plugin without any, what the plugin
// says it has had. Peers answer as soon as a message is decoded. Troupe's rows go all the way: publish, queue, stream,
// handler, result, accounting. `acked` and `stream` acknowledge many events by one message, which is their point; rows
// named "one ack a message" are what a plugin gets without that, and "go-batched" is go-plugin with the same batches.

import type { Benchmark } from '../harness/benchmark.ts';
import { goEventsPair } from '../peers/go-events.ts';
import { needsGo, runStage } from './run-stage.ts';
import { STAGES } from './stages.ts';

/** The benchmark `events`. */
export const eventsBenchmark: Benchmark = {
  name: 'events',
  summary: 'events to plugins, acknowledged, streamed and by calls, against bare grpc-js and against go-plugin',
  metrics: Object.fromEntries(STAGES.flatMap(({ metrics }) => metrics.map(({ metric, what }) => [metric, what]))),
  async run(scope) {
    const stages = STAGES.map((stage) => ({
      stage,
      wanted: stage.metrics.filter(({ metric }) => scope.isWanted(metric)),
    }));
    const isGoWanted = stages.some(({ stage, wanted }) => wanted.some((metric) => needsGo(stage, metric)));
    const go = isGoWanted ? await goEventsPair() : 'not needed';
    for (const { stage, wanted } of stages) {
      const reason = typeof go === 'string' ? go : undefined;
      const missing = reason === undefined ? [] : wanted.filter((metric) => needsGo(stage, metric));
      for (const { metric } of missing) scope.skip(metric, reason ?? '');
      const metrics = wanted.filter((metric) => !missing.includes(metric));
      if (metrics.length === 0) continue;
      scope.progress(`events: ${stage.name}`);
      await runStage(stage, metrics, { goPair: typeof go === 'string' ? undefined : go.program }, scope);
    }
  },
};
