import { createRealEnvironment, createSilentLogger } from 'troupe';
import { createSystem, spawn, tell } from 'troupe/actors';
import { assign, setup } from 'xstate';

type PumpEvent = { readonly type: 'pump'; readonly litres: number } | { readonly type: 'jam' };

// A machine that knows nothing of its supervision: it pumps, and breaks when it is jammed.
const pumpMachine = setup({
  types: { context: {} as { readonly litres: number }, events: {} as PumpEvent },
  actions: {
    pump: assign({ litres: ({ context, event }) => context.litres + (event.type === 'pump' ? event.litres : 0) }),
    break: () => {
      throw new RangeError('something is in the pipe');
    },
  },
}).createMachine({
  id: 'pump',
  context: { litres: 0 },
  initial: 'running',
  states: { running: { on: { pump: { actions: 'pump' }, jam: { actions: 'break' } } } },
});

// Starts a pump, at most twice again within a minute; then the failure is the station's own, and its parent decides.
const stationMachine = setup({
  actions: {
    startPump: spawn('pump', pumpMachine, undefined, {
      supervision: {
        restart: 'permanent',
        maxRestarts: 2,
        withinMs: 60_000,
        backoff: { initialMs: 20, jitter: 'none' },
      },
    }),
    passOn: tell('pump', ({ event }) => event),
  },
}).createMachine({
  id: 'station',
  initial: 'open',
  states: { open: { entry: 'startPump', on: { pump: { actions: 'passOn' }, jam: { actions: 'passOn' } } } },
});

// The log would tell the same on standard error.
const system = createSystem({ environment: createRealEnvironment({ logger: createSilentLogger() }) });
let restarted = (): void => {};
const told = (line: string): void => console.log(line);

system.inspect((event) => {
  if (event.type === 'actor.failed') told(`${event.ref.path} failed: ${event.error.message}`);
  if (event.type === 'deadLetter.added')
    told(`  "${event.letter.message.type}" is a dead letter: ${event.letter.reason}`);
  if (event.type !== 'actor.restarted') return;
  told(`  ${event.ref.path} was restarted`);
  restarted();
});

const station = system.spawn(stationMachine, { name: 'station' });
for (let i = 0; i < 2; i++) {
  const again = new Promise<void>((resolve) => (restarted = resolve));
  station.tell({ type: 'jam' });
  await again;
}
// The third failure within the minute is one too many: the station fails with it, and nobody restarts the station.
station.tell({ type: 'jam' });
const outcome = await station.ended;
told(outcome.kind === 'failed' ? `the station is given up: ${outcome.error.code}` : `the station is ${outcome.kind}`);

const { stopped, forced } = await system.stop();
told(`left at the stop: ${stopped + forced}`);
