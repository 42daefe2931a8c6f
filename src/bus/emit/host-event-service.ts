// What a plugin calls to publish events: one service for each of its processes, on a connection that only that process has.
//
// Invariants:
//   H1. A refusal is an answer with a code, never a failure of the call. Only calls that no plugin of ours makes fail.
//   H2. The depth of an event follows from what the host has delivered to the plugin, not from what the plugin says.
//   H3. An answer waits for subscriptions that make publishers wait, but no longer than `queuedWaitMs`; the event is
//       published either way.
//   H4. Nothing is left behind by a call whose caller is gone.

import { RuntimeError } from '../../errors/index.ts';
import { HostEventServiceService } from '../../gen/troupe/events/v1/events.ts';
import type {
  Cause,
  EmitBatchRequest,
  EmitBatchResponse,
  EmitRequest,
  EmitResponse,
  EventResult,
  ReportResultsRequest,
} from '../../gen/troupe/events/v1/events.ts';
import { LONGEST_EVENT_TEXT, requireAtLeast, requirePositiveInteger } from '../../policy/index.ts';
import { service } from '../../ports/index.ts';
import type { CallContext, Clock, ServedService } from '../../ports/index.ts';
import { settledWithin } from '../settled-within.ts';
import type { DeliveryRecord } from '../subscription/index.ts';
import { decided, EmitAnswers } from './emit-answers.ts';
import type { DecidedEmit } from './emit-answers.ts';
import type { EmitCause, EmitGate } from './emit-gate.ts';
import { draftOfEmitted } from './emitted-draft.ts';

export { HOST_EVENT_SERVICE_ID } from '../../ports/index.ts';

/** Most emits in one call. */
export const LARGEST_EMIT_BATCH = 1_000;
/** Most results in one call. */
export const LARGEST_RESULT_BATCH = 4_096;

/** How the service is made. */
export interface HostEventServiceOptions {
  readonly gate: EmitGate;
  readonly clock: Clock;
  /** Default: nothing was delivered, so that every event of the plugin is a root. */
  readonly deliveries?: DeliveryRecord | undefined;
  /** Takes the results of events that went by StreamEvents. Default: they are dropped. */
  readonly onResults?: ((results: readonly EventResult[]) => void) | undefined;
  /** How long an answer may wait for full subscriptions, in milliseconds. Default 3,000. */
  readonly queuedWaitMs?: number | undefined;
  /** How many ids of the plugin's own choice are remembered, so that repeated calls publish once. Default 10,000. */
  readonly clientIdsRemembered?: number | undefined;
}

/**
 * Makes the service for one process of a plugin. It owns nothing that must be closed.
 *
 * @throws InvalidOptionsError naming the option
 */
export function createHostEventService(
  options: HostEventServiceOptions,
): ServedService<typeof HostEventServiceService> {
  const calls = new EmitCalls(options);
  return service(HostEventServiceService, {
    emit: (request, context) => calls.emit(request, context),
    emitBatch: (request, context) => calls.emitBatch(request, context),
    reportResults: (request) => calls.reportResults(request),
  });
}

class EmitCalls {
  readonly #options: HostEventServiceOptions;
  readonly #answers: EmitAnswers;
  readonly #queuedWaitMs: number;

  constructor(options: HostEventServiceOptions) {
    const { queuedWaitMs = 3_000, clientIdsRemembered = 10_000 } = options;
    this.#options = options;
    this.#queuedWaitMs = requireAtLeast('queuedWaitMs', queuedWaitMs, 0);
    this.#answers = new EmitAnswers(requirePositiveInteger('clientIdsRemembered', clientIdsRemembered));
  }

  emit(request: EmitRequest, context: CallContext): EmitResponse | Promise<EmitResponse> {
    const { response, queued } = this.#decide(request);
    return queued === undefined ? response : this.#afterQueues([queued], response, context);
  }

  emitBatch({ requests }: EmitBatchRequest, context: CallContext): EmitBatchResponse | Promise<EmitBatchResponse> {
    checkBatch('emits', requests.length, LARGEST_EMIT_BATCH);
    const decided = requests.map((request) => this.#decide(request));
    const response = { responses: decided.map((one) => one.response) };
    const waiting = decided.map(({ queued }) => queued).filter((queued) => queued !== undefined);
    return waiting.length === 0 ? response : this.#afterQueues(waiting, response, context);
  }

  reportResults({ results }: ReportResultsRequest): Record<string, never> {
    checkBatch('results', results.length, LARGEST_RESULT_BATCH);
    this.#options.onResults?.(results);
    return {};
  }

  #decide(request: EmitRequest): DecidedEmit {
    const { gate } = this.#options;
    const { event, cause, source } = request;
    if (event === undefined) {
      return decided(gate.refuse(new RuntimeError('EVENT_INVALID', 'an emit has no event')));
    }
    if (event.clientId.length > LONGEST_EVENT_TEXT) {
      const problem = `the client id of an event has ${event.clientId.length} characters, more than ${LONGEST_EVENT_TEXT}`;
      return decided(gate.refuse(new RuntimeError('EVENT_INVALID', problem)));
    }
    return this.#answers.answer(event, {
      admit: () => gate.admit(draftOfEmitted(event), this.#causeOf(cause), source),
      refuse: (error) => gate.refuse(error),
    });
  }

  /** H2. What the plugin names counts only if the host has delivered it, and not long ago. */
  #causeOf(claimed: Cause | undefined): EmitCause {
    const { deliveries } = this.#options;
    if (deliveries === undefined || (claimed?.kind?.$case === 'root' && claimed.kind.value)) return undefined;
    if (claimed?.kind?.$case === 'eventId') {
      const id = claimed.kind.value;
      const depth = deliveries.depthOf(id);
      if (depth !== undefined) return { id, depth, isSettled: !deliveries.isInFlight(id) };
    }
    const deepest = deliveries.deepestInFlight;
    // Which of several events it was is not known, only how deep the chain may be.
    return deepest === undefined ? undefined : { id: '', depth: deepest };
  }

  async #afterQueues<Response>(
    waiting: readonly Promise<unknown>[],
    response: Response,
    { signal }: CallContext,
  ): Promise<Response> {
    await settledWithin(this.#options.clock, this.#queuedWaitMs, Promise.all(waiting), signal);
    return response;
  }
}

function checkBatch(what: string, size: number, limit: number): void {
  if (size <= limit) return;
  throw new RuntimeError('BATCH_TOO_LARGE', `a call has ${size} ${what}, more than ${limit}`, {
    details: { size, limit },
  });
}
