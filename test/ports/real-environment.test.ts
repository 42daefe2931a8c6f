import { describe, expect, it } from 'vitest';
import { createRealEnvironment, createRecordingLogger } from '../../src/ports/index.ts';

describe('createRealEnvironment', () => {
  it('names things by a prefix and 12 hexadecimal digits', () => {
    expect(createRealEnvironment().ids.next('call')).toMatch(/^call-[0-9a-f]{12}$/);
  });

  it('never gives the same id twice within 5,000', () => {
    const { ids } = createRealEnvironment();

    expect(new Set(Array.from({ length: 5000 }, () => ids.next('x'))).size).toBe(5000);
  });

  it('starts ids elsewhere in each environment', () => {
    expect(createRealEnvironment().ids.next('x')).not.toBe(createRealEnvironment().ids.next('x'));
  });

  it('draws numbers from 0 up to 1 that differ', () => {
    const { random } = createRealEnvironment();
    const drawn = Array.from({ length: 100 }, () => random.next());

    expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(90);
  });

  it('runs deferred work before yielded work', async () => {
    const { scheduler } = createRealEnvironment();
    const order: string[] = [];

    await new Promise<void>((resolve) => {
      scheduler.yield(() => {
        order.push('yielded');
        resolve();
      });
      scheduler.defer(() => order.push('deferred'));
      order.push('caller');
    });

    expect(order).toEqual(['caller', 'deferred', 'yielded']);
  });

  it('logs to the logger that it is given', () => {
    const logger = createRecordingLogger();

    createRealEnvironment({ logger }).log.log('info', 'hello');

    expect(logger.entries).toHaveLength(1);
  });

  it('refuses a level that does not exist and names the option', () => {
    expect(() => createRealEnvironment({ logLevel: 'loud' as never })).toThrow(
      'option "logLevel" must be one of trace, debug, info, warn, error, got loud',
    );
  });
});
