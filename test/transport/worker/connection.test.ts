import { describe } from 'vitest';
import { connectionContract } from '../connection-contract.ts';
import { connectOverPorts } from './support.ts';

describe('a connection over message ports', () => {
  connectionContract(async (services, maxReceiveBytes) => connectOverPorts(services, maxReceiveBytes));
});
