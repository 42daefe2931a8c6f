import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import { createBus } from '../../src/bus/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';

describe('the subscriptions of a bus', () => {
  it('are listed with their counters until they begin to stop, and go on counting after that', async () => {
    const system = createSystem({ environment: createManualEnvironment() });
    onTestFinished(() => system.stop().then(() => undefined));
    const bus = createBus({ system });
    const first = bus.on('a.*', () => {}, { name: 'first' });
    bus.on('b.*', () => {}, { name: 'second' });
    const [view] = bus.subscriptions();

    bus.publish({ type: 'a.x' });
    await first.stop();

    expect(bus.subscriptions().map(({ name }) => name)).toEqual(['second']);
    expect(view).toMatchObject({ name: 'first', state: 'stopped' });
    expect(view?.counters).toMatchObject({ published: 1, delivered: 1, pending: 0 });
  });
});
