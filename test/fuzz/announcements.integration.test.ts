// The stream of the broker with bytes on it that are no proper announcements, from either side.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fc } from '@fast-check/vitest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { editedBytes } from '../../property-tests/arbitraries/edited-bytes.ts';
import { oddMessage } from '../../property-tests/arbitraries/odd-message.ts';
import { ConnInfo, GRPCBrokerService } from '../../src/gen/plugin/grpc_broker.ts';
import { createRealClock } from '../../src/ports/index.ts';
import type { MethodDescriptor, ServedService } from '../../src/ports/index.ts';
import { brokerService, hostBrokerStream } from '../../src/transport/go-plugin/broker-stream.ts';
import { createBroker } from '../../src/transport/go-plugin/broker.ts';
import type { Broker } from '../../src/transport/go-plugin/broker.ts';
import { createGrpcConnection, createGrpcServer } from '../../src/transport/grpc/index.ts';
import type { GrpcConnection } from '../../src/transport/grpc/index.ts';
import { createMemoryConnection } from '../../src/transport/memory/index.ts';
import { readCaptures } from '../fixtures/read-captures.ts';
import { createOutcomes, FUZZ_PARAMETERS, FUZZ_RUNS, FUZZ_TIMEOUT_MS } from './outcomes.ts';

/** What a stream ends with that had a message which cannot be decoded. */
const DOCUMENTED = ['INTERNAL'] as const;
const MAX_PENDING = 8;
const GOOD = Buffer.from(ConnInfo.encode({ serviceId: 7, network: 'unix', address: '/good' }).finish());

const clock = createRealClock();
const { startStream } = GRPCBrokerService;

describe('fuzz: a broker stream with odd bytes', () => {
  it('ends at worst, and the next one serves the same broker of the host', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const outcomes = createOutcomes('announcements, to a host', DOCUMENTED);
    let sent: readonly Buffer[] = [];
    const raw = {
      descriptor: { startStream: { ...startStream, responseSerialize: (bytes: Buffer) => bytes } },
      implementation: { startStream: () => sent },
    } as unknown as ServedService;
    const { broker, connection, dialled } = await setUp([raw]);

    const property = fc.asyncProperty(messages(), async (all) => {
      sent = all;
      await outcomes.settle(async () => {
        const outcome = await hostBrokerStream(connection, broker).done;
        if (outcome.kind === 'failed') throw outcome.error;
        expect(outcome.kind).toBe('closed');
      });
      expect(broker.status().pending).toBeLessThanOrEqual(MAX_PENDING);
    });
    await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: FUZZ_RUNS });

    sent = [GOOD];
    await Promise.all([broker.dial(7), hostBrokerStream(connection, broker).done]);
    expect(dialled.at(-1)).toBe('/good');
    expect(outcomes.finish(['INTERNAL', 'ok'])).toEqual([]);
  });

  it('ends at worst, and the next one serves the same broker of the plugin', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const outcomes = createOutcomes('announcements, to a plugin', DOCUMENTED);
    const { broker: pluginBroker, connection, dialled } = await setUp((broker) => [brokerService(broker)]);
    const send = { ...startStream, requestSerialize: (bytes: Buffer) => bytes } as unknown as MethodDescriptor<
      Buffer,
      ConnInfo
    >;

    const property = fc.asyncProperty(messages(), async (all) => {
      await outcomes.settle(() => drain(connection.bidiStream(send, all)));
      expect(pluginBroker.status().pending).toBeLessThanOrEqual(MAX_PENDING);
    });
    await fc.assert(property, { ...FUZZ_PARAMETERS, numRuns: FUZZ_RUNS });

    await Promise.all([pluginBroker.dial(7), drain(connection.bidiStream(send, [GOOD]))]);
    expect(dialled.at(-1)).toBe('/good');
    expect(outcomes.finish(['INTERNAL', 'ok'])).toEqual([]);
  });
});

// Helpers

/** A broker that dials nobody, and a connection to a server beside it. */
async function setUp(services: readonly ServedService[] | ((broker: Broker) => readonly ServedService[])) {
  const dialled: string[] = [];
  const broker = createBroker({
    clock,
    maxPending: MAX_PENDING,
    listen: () => expect.unreachable('nobody listens'),
    async dial({ address }) {
      dialled.push(address);
      return createMemoryConnection([], { clock });
    },
  });
  const directory = mkdtempSync('/tmp/tf-');
  const target = { network: 'unix', path: join(directory, 'plugin1') } as const;
  const server = createGrpcServer({ services: typeof services === 'function' ? services(broker) : services, clock });
  await server.listen(target);
  const connection: GrpcConnection = createGrpcConnection({ target, clock });
  onTestFinished(() => {
    broker.close();
    connection.close();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { broker, connection, dialled };
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const message of stream) expect(message).toBeDefined();
}

function messages(): fc.Arbitrary<readonly Buffer[]> {
  const message = fc.oneof(editedBytes(readCaptures().announcements), oddMessage());
  return fc.array(message, { minLength: 1, maxLength: 4 });
}
