// What a message to an actor costs beside nact, moleculer, effect and bare XState, and what an actor takes.
//
// On every side a message counts when it is processed, not when it is queued; messages have the same shape and are made
// anew each. Peers run as their documentation recommends for speed (see works/). effect has no actors: its figures are
// for the reader, and have no aim.

import type { Benchmark } from '../harness/benchmark.ts';
import { metricsOf, runStages } from './run-stages.ts';
import { STAGES } from './stages.ts';

/** The benchmark `actors`. */
export const actorsBenchmark: Benchmark = {
  name: 'actors',
  summary: 'messages, questions, starts and memory of actors against nact, moleculer, effect and bare XState',
  metrics: metricsOf(STAGES),
  run: (scope) => runStages('actors', STAGES, scope),
};
