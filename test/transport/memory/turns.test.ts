import { describe, expect, it } from 'vitest';
import { createRealEnvironment, createServiceClient, service } from '../../../src/ports/index.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { probe } from '../connection-contract.ts';

/** More than anybody waits for. */
const MANY = 100_000;

describe('a memory connection with a scheduler', () => {
  it.each(['calls', 'responses', 'requests'])('lets others have a turn within 1,000 %s', async (what) => {
    const client = connect();
    const other = nextTurn();
    let passed = 0;

    if (what === 'calls') while (!other.came && passed < MANY) passed += (await client.echo({ text: '' })).version;
    if (what === 'responses') {
      for await (const _ of client.download({ count: MANY, text: '' })) if (other.came || (passed += 1) >= MANY) break;
    }
    if (what === 'requests') {
      const texts = function* () {
        while (!other.came && (passed += 1) < MANY) yield { text: '' };
      };
      await client.upload(texts());
    }

    expect(passed).toBeLessThan(1000);
  });

  it('begins 200 calls and 200 streams in the order in which they are made', async () => {
    const begun: string[] = [];
    const client = connect({
      echo: ({ text }) => {
        begun.push(text);
        return { text, pid: 1, version: 1 };
      },
      async *download({ text }) {
        begun.push(text);
        yield { index: 0, text };
      },
    });
    const texts = Array.from({ length: 400 }, (_, index) => `${index}`);

    await Promise.all(
      texts.map((text, index) => (index % 2 === 0 ? client.echo({ text }) : read(client.download({ count: 1, text })))),
    );

    expect(begun).toEqual(texts);
  });

  it('ends a stream of 4 billion messages at its deadline, and when it is given up', async () => {
    const client = connect();
    const endless = { count: 0xffff_ffff, text: '' };

    const late = read(client.download(endless, { timeoutMs: 20 }));
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });

    const given = new AbortController();
    const givenUp = read(client.download(endless, { signal: given.signal }));
    setImmediate(() => given.abort());
    await expect(givenUp).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

// Helpers

function connect(overrides: Partial<ReturnType<typeof probe>> = {}) {
  const { clock, scheduler } = createRealEnvironment();
  const services = [service(ProbeServiceService, { ...probe(), ...overrides })];
  const connection = createMemoryConnection(services, { clock, scheduler });
  return createServiceClient(ProbeServiceService, connection);
}

/** Tells when whatever waits for the event loop had its turn. */
function nextTurn(): { readonly came: boolean } {
  const turn = { came: false };
  setImmediate(() => (turn.came = true));
  return turn;
}

async function read(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
