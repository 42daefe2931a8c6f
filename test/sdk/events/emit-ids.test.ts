import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { HostEventServiceService } from '../../../src/gen/troupe/events/v1/events.ts';
import type { EmitRequest } from '../../../src/gen/troupe/events/v1/events.ts';
import { createManualEnvironment, service } from '../../../src/ports/index.ts';
import { createPluginServices, definePlugin } from '../../../src/sdk/index.ts';
import { hostEventDescriptor } from '../../../src/transport/events/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { encoded } from './support.ts';

it('gives 300 emits of 100 handlers 300 client ids, also those that are made again and those of equal drafts', async () => {
  const sent: EmitRequest[] = [];
  const emitted: Promise<unknown>[] = [];
  const environment = createManualEnvironment();
  const definition = definePlugin({
    maxWaitingEmits: 300,
    emitTimeoutMs: 600_000,
    on: {
      '*': ({ id }, { emit }) => {
        // What a draft says of an id is none of its business.
        const draft = { type: 'same', payload: id, clientId: 'e1' };
        emitted.push(emit(draft), emit(draft), definition.emit(draft));
      },
    },
  });
  const host = service(HostEventServiceService, {
    emit: (request) => {
      sent.push(request);
      // The answer gets lost every now and then.
      if (sent.length % 50 === 0) throw new RuntimeError('UNAVAILABLE', 'lost');
      return { success: true, errorMessage: '', eventId: `id-${sent.length}`, errorCode: '' };
    },
    emitBatch: () => ({ responses: [] }),
    reportResults: () => ({}),
  });
  const broker = {
    nextId: () => 2,
    accept: () => Promise.reject(new RuntimeError('UNAVAILABLE', 'no')),
    dial: () => Promise.resolve(createMemoryConnection([host], { clock: environment.clock })),
  };
  const { services, close } = await createPluginServices(definition, { broker, environment });
  onTestFinished(close);
  const connection = createMemoryConnection(services, { clock: environment.clock });

  for (let number = 1; number <= 100; number += 1) {
    await connection.unary(hostEventDescriptor.handleEvent, { event: encoded(`c${number}`), attempt: 0 });
  }
  // The code of the channel is loaded in real time.
  while (sent.length === 0) await turn();
  const answered = Promise.all(emitted).then(() => true);
  while (!(await Promise.race([answered, environment.clock.advanceAsync(100, { turns: 4 })])));

  expect(emitted).toHaveLength(300);
  expect(sent.length).toBeGreaterThan(300);
  expect(new Set(sent.map(({ event }) => event?.clientId)).size).toBe(300);
  // A call that was made again has the id and the event of the first time.
  const byId = Map.groupBy(sent, ({ event }) => event?.clientId);
  for (const [, requests] of byId) expect(new Set(requests.map(({ event }) => String(event?.payload))).size).toBe(1);
});
