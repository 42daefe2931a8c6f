import { fileURLToPath } from 'node:url';
import { createHost } from 'troupe';

const host = createHost();
const { bus } = host;
bus.on('mail.*', ({ type, source, depth, payload }) => {
  console.log(`${type} from ${source}, at depth ${depth}: ${JSON.stringify(payload)}`);
});
bus.facts.on('event.refused', ({ code, source, type = 'an event' }) => {
  console.log(`${type} from ${source} is refused: ${code}`);
});

try {
  await host.launch({
    name: 'mailer',
    command: process.execPath,
    args: [...process.execArgv, fileURLToPath(new URL('./plugin.ts', import.meta.url))],
    events: { subscribe: ['order.*'], emit: ['mail.*'], overflow: 'block' },
  });
  const mailer = bus.subscriptions().find(({ name }) => name === 'mailer');

  const drafts = [
    { type: 'order.placed', payload: { order: 1, amount: 30 } },
    { type: 'order.placed', payload: { order: 2, amount: -1 } },
    { type: 'order.cancelled', payload: { order: 1 } },
    { type: 'order..lost' },
  ];
  for (const draft of drafts) {
    const receipt = bus.publish(draft);
    // With `block`, this holds the publisher back while the subscriber has no room.
    if (receipt.accepted) await receipt.queued;
  }

  // What waits is delivered first.
  await host.stop();
  const { published, delivered, failed, dropped, pending, unknown } = mailer?.counters ?? {};
  console.log(`published ${published} = delivered ${delivered} + failed ${failed}`);
  console.log(`  + dropped ${dropped} + pending ${pending} + unknown ${unknown}`);
} finally {
  await host.stop();
}
