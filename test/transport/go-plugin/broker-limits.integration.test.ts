import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { createVirtualClock } from '../../../src/ports/index.ts';
import { createBroker } from '../../../src/transport/go-plugin/broker.ts';

const MIB = 1024 * 1024;

it.each([
  ['unix', '/'],
  ['udp', ''],
])('5,000 announcements of 1 MB for the network %s keep less than 4 MiB', async (network, start) => {
  const announced = new Set<string>();
  const never = async (): Promise<never> => Promise.reject(new Error('not expected'));
  const onAnnounced = ({ address }: { readonly address: string }): void => void announced.add(address);
  const broker = createBroker({ clock: createVirtualClock(), listen: never, dial: never, onAnnounced });
  onTestFinished(() => broker.close());
  const bytes = Buffer.alloc(1_000_000, 'x');
  bytes.write(start);
  const before = usedBytes();

  for (let id = 1; id <= 5_000; id += 1) {
    broker.receive({ serviceId: id, network, address: bytes.toString('latin1') });
    // Failing, it must not take the machine along.
    if (announced.size > 50) break;
  }

  expect(broker.status().pending).toBe(1_024);
  expect(usedBytes() - before).toBeLessThan(4 * MIB);
});

// Helpers

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
