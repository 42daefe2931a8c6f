import { describe } from 'vitest';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { connectionContract } from '../connection-contract.ts';
import { createRealClock } from '../../../src/ports/index.ts';

describe('createMemoryConnection', () => {
  connectionContract(async (services, maxReceiveBytes) => {
    const limit = maxReceiveBytes === undefined ? {} : { maxReceiveBytes };
    const connection = createMemoryConnection(services, { clock: createRealClock(), ...limit });
    return { connection, close: () => connection.close() };
  });
});
