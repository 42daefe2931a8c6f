// The stream on which brokers exchange announcements: the host opens it, the plugin answers, both write.
//
// Invariants:
//   T1. A stream that ends does not end its broker.
//   T2. A plugin has one stream at a time: a newer one replaces the one before.
//   T3. A peer that does not read cannot make messages pile up: beyond `MAX_UNSENT` they are dropped.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { GRPCBrokerService } from '../../gen/plugin/grpc_broker.ts';
import type { ConnInfo } from '../../gen/plugin/grpc_broker.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import { createAsyncQueue } from '../async-queue.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { service } from '../../ports/service.ts';
import type { ServedService } from '../../ports/service.ts';
import type { Broker } from './broker.ts';
import type { StreamOutcome } from './kept-stream.ts';

/** Messages that may wait for a peer that does not read. Announcements are repeated on the next stream anyway. */
const MAX_UNSENT = 1_024;

/** How a broker's stream ended. `unsupported`: the plugin has no broker. */
export type BrokerStreamOutcome = StreamOutcome;

/** The host's end of an open stream. */
export interface BrokerStream {
  /** Settles when the stream has ended. Never rejects. */
  readonly done: Promise<BrokerStreamOutcome>;
  /** Ends the stream; the broker stays. Idempotent. */
  close(): void;
}

/** Opens the stream to a plugin. Whether to open it again after it ended is the caller's decision. */
export function hostBrokerStream(connection: PluginConnection, broker: Broker): BrokerStream {
  const controller = new AbortController();
  const outgoing = createAsyncQueue<ConnInfo>();
  const stream = connection.bidiStream(GRPCBrokerService.startStream, outgoing, { signal: controller.signal });
  // The iteration starts the call, so it comes before the first message is put.
  const reading = receiveAll(stream, broker);
  const detach = broker.attach(linkTo(outgoing, () => controller.abort()));
  const done = reading
    .catch((error: unknown) => outcomeOf(error, controller.signal))
    .finally(() => {
      detach();
      outgoing.end();
    });
  return { done, close: () => controller.abort() };
}

/** The plugin's end: the service that answers the host's stream. */
export function brokerService(broker: Broker): ServedService {
  let newest: AsyncQueue<ConnInfo> | undefined;
  return service(GRPCBrokerService, {
    startStream: (incoming, context) => {
      newest?.end();
      let detach = (): void => {};
      const outgoing = createAsyncQueue<ConnInfo>({ onReturn: () => detach() });
      newest = outgoing;
      detach = broker.attach(linkTo(outgoing, () => outgoing.end()));
      // Over when the host is gone, whether or not it said so by an end of its messages.
      const over = (): void => {
        detach();
        outgoing.end();
      };
      receiveAll(incoming, broker).then(over, over);
      context.onReplied(over);
      return outgoing;
    },
  });
}

async function receiveAll(incoming: AsyncIterable<ConnInfo>, broker: Broker): Promise<BrokerStreamOutcome> {
  for await (const info of incoming) broker.receive(info);
  return { kind: 'closed' };
}

function linkTo(outgoing: AsyncQueue<ConnInfo>, end: () => void) {
  return {
    send: (info: ConnInfo): void => {
      if (outgoing.size < MAX_UNSENT) void outgoing.put(info);
    },
    end,
  };
}

function outcomeOf(reason: unknown, signal: AbortSignal): BrokerStreamOutcome {
  if (signal.aborted) return { kind: 'closed' };
  if (isRuntimeError(reason) && reason.code === 'UNIMPLEMENTED') return { kind: 'unsupported' };
  return { kind: 'failed', error: RuntimeError.from(reason) };
}
