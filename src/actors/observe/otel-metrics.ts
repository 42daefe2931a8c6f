// The metrics of a system, by OpenTelemetry.
//
// Invariants:
//   M1. Attributes have few values: kinds of actors and reasons, never paths, ids or texts of users. Beyond `maxKinds`
//       kinds, further ones count as `other`.
//   M2. After the end nothing is measured and no callback is left with the meter.

import type { Attributes, Meter, ObservableResult } from '@opentelemetry/api';
import { requirePositiveInteger } from '../../policy/index.ts';
import { isCell } from '../core/cell-brand.ts';
import type { Cell } from '../core/cell.ts';
import type { InspectionEvent } from '../core/inspection/inspection.ts';
import type { ActorSystem } from '../core/system.ts';
import { kindOfActor } from './describe-actors.ts';
import { loadOtelApi } from './otel-api.ts';
import type { MeterSource } from './otel-providers.ts';

/** How a system is measured. */
export interface OtelMetricsOptions {
  /** Default: the provider that is registered with the API. */
  readonly meterProvider?: MeterSource | undefined;
  /**
   * What an actor counts as. Few values, else the series become too many. Default: the id of its machine, `behavior`, or
   * `logic`.
   */
  readonly kindOf?: ((path: string, kind: string) => string) | undefined;
  /** Kinds that are told apart. Default 50. */
  readonly maxKinds?: number | undefined;
}

const KIND = 'troupe.actor.kind';
const REASON = 'troupe.dead_letter.reason';
/** Seconds; from a plain behaviour's microsecond to what freezes the event loop. */
const BUCKETS = [0.000001, 0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/**
 * Measures a system: living actors, waiting messages and the longest mailbox by kind, the time that messages take, how
 * many were processed, failures, restarts, dead letters by reason. Returns the function that ends this.
 *
 * @throws PEER_MISSING without `@opentelemetry/api`; FAILED_PRECONDITION for a system with `inspect: false`
 */
export function observeWithOpenTelemetry(system: ActorSystem, options: OtelMetricsOptions = {}): () => void {
  const { maxKinds = 50 } = options;
  requirePositiveInteger('maxKinds', maxKinds);
  const provider = options.meterProvider ?? loadOtelApi().metrics.getMeterProvider();
  const meter = provider.getMeter('troupe') as Meter;
  const attributesOf = createAttributes(options.kindOf, maxKinds);

  const duration = meter.createHistogram('troupe.message.processing.duration', {
    unit: 's',
    description: 'Time that a behaviour took for one message',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const processed = meter.createCounter('troupe.messages.processed', { unit: '{message}' });
  const failures = meter.createCounter('troupe.actor.failures', { unit: '{failure}' });
  const restarts = meter.createCounter('troupe.actor.restarts', { unit: '{restart}' });
  const living = meter.createObservableGauge('troupe.actors', { unit: '{actor}' });
  const waiting = meter.createObservableGauge('troupe.mailbox.depth', { unit: '{message}' });
  const deepest = meter.createObservableGauge('troupe.mailbox.depth.max', { unit: '{message}' });
  const letters = meter.createObservableCounter('troupe.dead_letters', { unit: '{message}' });

  const take = (event: InspectionEvent): void => {
    if (event.type === 'message.delivered') {
      const attributes = attributesOf(event.ref);
      duration.record(event.tookMs / 1000, attributes);
      processed.add(1, attributes);
    } else if (event.type === 'actor.failed') failures.add(1, attributesOf(event.ref));
    else if (event.type === 'actor.restarted') restarts.add(1, attributesOf(event.ref));
  };
  const observables = [living, waiting, deepest];
  const observeActors: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    for (const [attributes, { actors, depth, max }] of sumByKind(system, attributesOf)) {
      result.observe(living, actors, attributes);
      result.observe(waiting, depth, attributes);
      result.observe(deepest, max, attributes);
    }
  };
  const observeLetters = (result: ObservableResult): void => {
    for (const [reason, count] of Object.entries(system.deadLetters.counts))
      result.observe(count, { [REASON]: reason });
  };

  const endInspection = system.inspect(take);
  meter.addBatchObservableCallback(observeActors, observables);
  letters.addCallback(observeLetters);
  return () => {
    endInspection();
    meter.removeBatchObservableCallback(observeActors, observables);
    letters.removeCallback(observeLetters);
  };
}

interface Sums {
  actors: number;
  depth: number;
  max: number;
}

function sumByKind(system: ActorSystem, attributesOf: (ref: object) => Attributes): Map<Attributes, Sums> {
  const sums = new Map<Attributes, Sums>();
  for (const ref of system.actors()) {
    if (!isCell(ref)) continue;
    const cell: Cell = ref;
    const attributes = attributesOf(cell);
    const sum = sums.get(attributes) ?? { actors: 0, depth: 0, max: 0 };
    sum.actors++;
    sum.depth += cell.waiting;
    sum.max = Math.max(sum.max, cell.waiting);
    sums.set(attributes, sum);
  }
  return sums;
}

/** M1. Gives the same object for the same kind. */
function createAttributes(
  kindOf: ((path: string, kind: string) => string) | undefined,
  maxKinds: number,
): (ref: object) => Attributes {
  const known = new Map<string, Attributes>();
  const other: Attributes = { [KIND]: 'other' };
  return (ref) => {
    if (!isCell(ref)) return other;
    const given = kindOfActor(ref);
    const kind = kindOf === undefined ? given : kindOf(ref.path, given);
    const found = known.get(kind);
    if (found !== undefined || known.size >= maxKinds) return found ?? other;
    const attributes: Attributes = { [KIND]: kind };
    known.set(kind, attributes);
    return attributes;
  };
}
