// Traces across messages, by OpenTelemetry.
//
// Invariants:
//   P1. Whatever an actor sends while it processes a message, effects of charts included, is sent in that message's span.
//   P2. Each span ends: with the processing, or with the answer to the question.

import type { Context, Span, Tracer } from '@opentelemetry/api';
import { RuntimeError } from '../../errors/index.ts';
import type { AskTrace, Delivery, Propagation } from '../core/system-core.ts';
import { loadOtelApi } from './otel-api.ts';
import type { TracerSource } from './otel-providers.ts';
import type { OtelApi } from './otel-api.ts';

/** How messages are traced. */
export interface OtelPropagationOptions {
  /** Default: the provider that is registered with the API. */
  readonly tracerProvider?: TracerSource | undefined;
}

/**
 * Carries the active context from whoever sends a message to the processing of it, which is a span `process <type>`; a
 * question is a span `ask <type>` until it is settled. For `createSystem({ propagation })`. Needs a context manager, which
 * the program registers with the API.
 *
 * @throws PEER_MISSING without `@opentelemetry/api`
 */
export function otelPropagation(options: OtelPropagationOptions = {}): Propagation {
  const api = loadOtelApi();
  const tracer = (options.tracerProvider ?? api.trace.getTracerProvider()).getTracer('troupe') as Tracer;
  const start = (operation: 'process' | 'ask', delivery: Delivery, parent: Context): Span =>
    tracer.startSpan(
      `${operation} ${delivery.message.type}`,
      {
        kind: operation === 'process' ? api.SpanKind.CONSUMER : api.SpanKind.CLIENT,
        attributes: {
          'messaging.system': 'troupe',
          'messaging.operation.name': operation,
          'messaging.operation.type': operation === 'process' ? 'process' : 'send',
          'messaging.destination.name': delivery.ref.path,
        },
      },
      parent,
    );

  return {
    capture: () => api.context.active(),
    run: (captured, delivery, process) => {
      const parent = (captured as Context | undefined) ?? api.ROOT_CONTEXT;
      const span = start('process', delivery, parent);
      try {
        end(api, span, api.context.with(api.trace.setSpan(parent, span), process));
      } catch (error) {
        end(api, span, RuntimeError.from(error));
        throw error;
      }
    },
    ask: (delivery): AskTrace => {
      const parent = api.context.active();
      const span = start('ask', delivery, parent);
      return {
        run: (send) => api.context.with(api.trace.setSpan(parent, span), send),
        ended: (error) => end(api, span, error),
      };
    },
  };
}

/** The text of an error may hold what must not leave the process; its code does not. */
function end({ SpanStatusCode }: OtelApi, span: Span, error: Error | undefined): void {
  if (error !== undefined) {
    const { code } = RuntimeError.from(error);
    span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  }
  span.end();
}
