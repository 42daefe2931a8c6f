// Events of one plugin process, in and out. Loaded at the start of a plugin that handles events, else at its first emit.

import { RuntimeError } from '../../errors/index.ts';
import { HostEventServiceService } from '../../gen/troupe/events/v1/events.ts';
import type { Cause } from '../../gen/troupe/events/v1/events.ts';
import type { ConnectionBroker, Environment, EventDraft, Logger, ServedService } from '../../ports/index.ts';
import { createRealEnvironment } from '../../ports/real-environment.ts';
import { within } from '../../ports/within.ts';
import { pluginEventDescriptor } from '../../transport/events/index.ts';
import type { EmitReceipt, ResolvedEventOptions } from '../event-types.ts';
import { causes } from './causes.ts';
import { DeliverServer } from './deliver.ts';
import { Dispatcher } from './dispatcher.ts';
import { encodeDraft, receiptOf } from './drafts.ts';
import type { AnyHandlers } from './handler-index.ts';
import { HostCalls } from './host-calls.ts';
import { openFully, openLazily } from './received-event.ts';
import { ResultReports } from './result-reports.ts';
import { streamEvents } from './streamed-events.ts';
import { handleEvent } from './unary-events.ts';

/** What the events of a plugin process are made of. */
export interface EventRuntimeOptions {
  /** Undefined for a plugin that only emits. */
  readonly handlers: AnyHandlers | undefined;
  readonly options: ResolvedEventOptions;
  readonly broker: ConnectionBroker;
  readonly log: Logger;
  /** Default: the real one. */
  readonly environment?: Environment | undefined;
}

/** Events in and out. Whoever creates it drains and closes it. */
export interface EventRuntime {
  /** What the host calls; undefined for a plugin that only emits. */
  readonly service: ServedService | undefined;
  /** Publishes an event; its cause is the event that is handled, if any. */
  emit(draft: EventDraft): Promise<EmitReceipt>;
  /** Runs `work` as if no event were handled. */
  root<T>(work: () => T): T;
  /** Settles when all that came has been handled, and all that was emitted is answered; after `deadlineMs` at the latest. */
  drain(deadlineMs: number): Promise<void>;
  /** Refuses emits, and ends what is open. Idempotent. */
  close(): void;
}

/** Milliseconds that one call of the host may take, and a dial. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * Creates the events of one process.
 *
 * @throws PATTERN_INVALID for a handler's pattern
 */
export function createEventRuntime(given: EventRuntimeOptions): EventRuntime {
  const { options, log } = given;
  const environment = given.environment ?? createRealEnvironment({ logger: log });
  const { clock } = environment;
  let endChannel: (() => void) | undefined;
  let isClosed = false;
  let lastId = 0;

  const calls = new HostCalls({
    clock,
    maxWaiting: options.maxWaitingEmits,
    maxInFlight: options.maxEmitsInFlight,
    callTimeoutMs: CALL_TIMEOUT_MS,
    requestTimeoutMs: options.emitTimeoutMs,
    wake: () => void openChannel(),
  });

  async function openChannel(): Promise<void> {
    try {
      // Most processes never emit, and an actor system takes some time to load.
      const { runHostChannel } = await import('./host-channel.ts');
      if (!isClosed) endChannel = runHostChannel(calls, given.broker, environment, CALL_TIMEOUT_MS);
    } catch (error) {
      calls.end(RuntimeError.from(error, 'UNAVAILABLE'));
    }
  }

  function emitFrom(draft: EventDraft, cause: string | undefined): Promise<EmitReceipt> {
    const receipt = send(draft, cause);
    // Nobody has to wait for a receipt; what went wrong is not to end the process.
    receipt.catch((error: unknown) => log.log('debug', 'an event was not emitted', { error }));
    return receipt;
  }

  async function send(draft: EventDraft, cause: string | undefined): Promise<EmitReceipt> {
    lastId += 1;
    const event = encodeDraft(draft, `e${lastId}`);
    return receiptOf(await calls.request(HostEventServiceService.emit, { event, cause: causeOf(cause), source: '' }));
  }

  const reports = new ResultReports(calls, log);
  const server = given.handlers === undefined ? undefined : serve(given.handlers);

  function serve(handlers: AnyHandlers): { service: ServedService; dispatcher: Dispatcher; deliveries: DeliverServer } {
    const dispatcher = new Dispatcher({
      handlers,
      open: options.decode === 'lazy' ? openLazily : openFully,
      clock,
      scheduler: environment.scheduler,
      log,
      window: options.window,
      handlerTimeoutMs: options.handlerTimeoutMs,
      emit: emitFrom,
    });
    const deliveries = new DeliverServer(dispatcher, options.window);
    return { service: eventService(dispatcher, deliveries, reports, options), dispatcher, deliveries };
  }

  return {
    service: server?.service,
    emit: (draft) => emitFrom(draft, causes.getStore()?.causationId),
    root: (work) => causes.run(undefined, work),
    async drain(deadlineMs) {
      const all = async (): Promise<void> => {
        await server?.dispatcher.idle();
        await reports.flushed();
        await calls.drained();
      };
      // What is left at the deadline is refused by `close`.
      await within(clock, deadlineMs, all()).catch(() => {});
      server?.deliveries.end();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      calls.end(new RuntimeError('UNAVAILABLE', 'the plugin has ended'));
      server?.deliveries.end();
      endChannel?.();
    },
  };
}

function causeOf(eventId: string | undefined): Cause {
  return { kind: eventId === undefined ? { $case: 'root', value: true } : { $case: 'eventId', value: eventId } };
}

/** The methods of the forms that the plugin offers; calls of the others are answered with UNIMPLEMENTED. */
function eventService(
  dispatcher: Dispatcher,
  deliveries: DeliverServer,
  reports: ResultReports,
  { forms, window }: ResolvedEventOptions,
): ServedService {
  const { deliver, streamEvents: stream, handleEvent: unary } = pluginEventDescriptor;
  const methods = {
    ...(forms.includes('acked') ? { deliver } : {}),
    ...(forms.includes('stream') ? { streamEvents: stream } : {}),
    ...(forms.includes('unary') ? { handleEvent: unary } : {}),
  };
  const answers = {
    deliver: deliveries.deliver.bind(deliveries),
    streamEvents: (requests: Parameters<typeof streamEvents>[3]) => streamEvents(dispatcher, reports, window, requests),
    handleEvent: (request: Parameters<typeof handleEvent>[2], context: Parameters<typeof handleEvent>[3]) =>
      handleEvent(dispatcher, window, request, context),
  };
  return { descriptor: methods, implementation: answers } as unknown as ServedService;
}
