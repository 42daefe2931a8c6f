import type { WireEvent } from '../../../src/ports/index.ts';

/** The n-th of a row of events; about 200 bytes when encoded. */
export function exampleEvent(n: number): WireEvent {
  return {
    id: `0123456789-${n}`,
    type: 'order.paid',
    time: 1_700_000_000_000 + n + 0.25,
    source: 'shop',
    subject: '',
    contentType: '',
    metadata: { trace: 'c0ffee', tenant: 'acme' },
    payload: Buffer.alloc(80, n % 256),
    depth: n % 4,
    causationId: '',
  };
}
