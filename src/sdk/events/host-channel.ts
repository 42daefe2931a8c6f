// The actor behind a plugin's calls to its host. Loaded with the actor system at the first of them.

import { createSystem } from '../../actors/core/index.ts';
import { createHostChannelLogic } from '../../actors/host-channel/index.ts';
import { HOST_EVENT_SERVICE_ID } from '../../ports/index.ts';
import type { ConnectionBroker, Environment } from '../../ports/index.ts';
import type { HostCalls } from './host-calls.ts';

/** Milliseconds that the channel has to end. */
const STOP_MS = 1_000;

/** Keeps a connection to the host open for the calls. Returns the function that ends it. */
export function runHostChannel(
  calls: HostCalls,
  broker: ConnectionBroker,
  environment: Environment,
  dialTimeoutMs: number,
): () => void {
  const system = createSystem({ environment, inspect: false });
  const channel = system.spawn(
    createHostChannelLogic({
      dial: () => broker.dial(HOST_EVENT_SERVICE_ID, { timeoutMs: dialTimeoutMs }),
      open: (connection, facts) => calls.open(connection, facts),
      shut: () => calls.shut(),
    }),
    { name: 'host-channel', input: { random: environment.random.next(), dialTimeoutMs } },
  );
  channel.tell({ type: 'emit.waiting' });
  return () => {
    channel.tell({ type: 'stop' });
    void system.stop({ deadlineMs: STOP_MS });
  };
}
