import { createRealEnvironment, createSilentLogger } from 'troupe';
import { createSystem, inspectInStately, spawn, tell } from 'troupe/actors';
import type { StatelyInspector } from 'troupe/actors';
import { assign, setup } from 'xstate';

const tillMachine = setup({
  types: {
    context: {} as { readonly takings: number; readonly apiKey: string },
    events: {} as
      | { readonly type: 'pay'; readonly amount: number; readonly cardToken: string }
      | { readonly type: 'jam' },
  },
  actions: {
    book: assign({ takings: ({ context, event }) => context.takings + (event.type === 'pay' ? event.amount : 0) }),
    break: () => {
      throw new RangeError('the drawer is stuck');
    },
  },
}).createMachine({
  id: 'till',
  context: { takings: 0, apiKey: 'sk-live-1234' },
  initial: 'open',
  states: { open: { on: { pay: { actions: 'book' }, jam: { actions: 'break' } } } },
});

const shopMachine = setup({
  actions: {
    startTill: spawn('till', tillMachine, undefined, {
      supervision: { restart: 'permanent', backoff: { initialMs: 20, jitter: 'none' } },
    }),
    passOn: tell('till', ({ event }) => event),
  },
}).createMachine({ id: 'shop', entry: 'startTill', on: { '*': { actions: 'passOn' } } });

// Stands in for an inspector of `@statelyai/inspect`, and prints what would be shown.
interface Shown {
  readonly sessionId: string;
  readonly _parent?: Shown;
}
const printer: StatelyInspector = {
  actor: ({ sessionId, _parent }: Shown) =>
    console.log(`actor    ${sessionId}, child of ${_parent?.sessionId ?? 'none'}`),
  event: ({ sessionId }: Shown, event: object) => console.log(`event    ${sessionId} ${JSON.stringify(event)}`),
  snapshot: (
    { sessionId }: Shown,
    { status, value, context }: { status: string; value?: unknown; context?: unknown },
  ) => console.log(`snapshot ${sessionId} ${status} ${JSON.stringify({ value, context })}`),
};

const isReal = process.argv.includes('--open');
const inspect = inspectInStately(
  isReal ? { url: 'ws://127.0.0.1:8080' } : { inspector: printer, include: ['/shop', '/shop/till'] },
);
const system = createSystem({ inspect, environment: createRealEnvironment({ logger: createSilentLogger() }) });

const restarted = new Promise<void>((resolve) => {
  system.inspect(({ type }) => type === 'actor.restarted' && resolve());
});
const shop = system.spawn(shopMachine, { name: 'shop' });
const pay = { type: 'pay', amount: 12, cardToken: 'tok_5678' };
shop.tell(pay);
shop.tell({ type: 'jam' });
await restarted;

if (isReal) {
  console.log('paying every second; end with Ctrl-C');
  const timer = setInterval(() => shop.tell(pay), 1000);
  await new Promise((resolve) => process.once('SIGINT', resolve));
  clearInterval(timer);
}
await system.stop();
inspect.close();
