// A moleculer broker with everything switched off that costs time by default: log, metrics, tracing, internal services.

import { ServiceBroker } from 'moleculer';
import type { Context } from 'moleculer';
import { Gate, tells } from './work.ts';
import type { Add, Work, Works } from './work.ts';

/** What moleculer can do. */
export const WORKS: Works = { 'tell-plain': tellPlain };

async function tellPlain(): Promise<Work> {
  const gate = new Gate();
  const broker = new ServiceBroker({
    logger: false,
    metrics: false,
    tracing: false,
    internalServices: false,
    skipProcessEventRegistration: true,
  });
  broker.createService({
    name: 'counter',
    events: {
      'counter.add'(context: Context<Add>) {
        gate.processed(context.params.amount);
      },
    },
  });
  await broker.start();
  // The promise of `emit` is not waited for, which is faster; the gate says when the handler has run.
  return tells(gate, (message) => void broker.emit('counter.add', message));
}
