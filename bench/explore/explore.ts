// What it costs to explore races: schedules of `explore` beside creating and driving the same actors without it, once in
// one order. Three actors send three messages each to a fourth; all are made anew for each schedule.

import { metricsOf, runStages } from '../actors/run-stages.ts';
import type { Stage, Variant } from '../actors/stage.ts';
import type { Benchmark } from '../harness/benchmark.ts';

/** The kernel is much code, and all of an actor system comes with each schedule. */
const WARM_UP_MS = 3_000;

/** Enough for most of them to agree, and a quick run stays within its time. */
const PROCESSES = 3;

const variant = (work: string): Variant => ({ side: 'explore', work });

const STAGES: readonly Stage[] = [
  {
    name: 'statecharts',
    warmUpMs: WARM_UP_MS,
    // How V8 manages the heap of so many charts falls out one way or the other at the start of a process.
    processes: PROCESSES,
    variants: { explore: variant('explore-charts'), bare: variant('bare-charts') },
    metrics: [
      {
        metric: 'explore.charts',
        what: 'schedules of four statecharts that send nine messages against the same on bare XState',
        unit: 'schedules/s',
        own: 'explore',
        peer: 'bare',
        peerName: 'XState createActor and send',
      },
    ],
  },
  {
    name: 'plain logic',
    warmUpMs: WARM_UP_MS,
    variants: { explore: variant('explore-plain'), bare: variant('bare-plain') },
    metrics: [
      {
        metric: 'explore.plain',
        what: 'schedules of four plain actors that send nine messages against the same in an ordinary system',
        unit: 'schedules/s',
        own: 'explore',
        peer: 'bare',
        peerName: 'createSystem',
      },
    ],
  },
];

/** The benchmark `explore`. */
export const exploreBenchmark: Benchmark = {
  name: 'explore',
  summary: 'schedules of the race kernel against the same actors without it',
  metrics: metricsOf(STAGES),
  run: (scope) => runStages('explore', STAGES, scope),
};
