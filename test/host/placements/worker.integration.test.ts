// What a thread of its own adds: faults that would take a host along end the plugin alone.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { factOf, failureOf, hostForTest, waitFor } from '../support.ts';
import { launchSubject } from './support.ts';

describe('a plugin in a worker', () => {
  it.each(['objects', 'buffers'])(
    'that takes more than 64 MiB of %s is ended with PLUGIN_MEMORY_LIMIT',
    async (what) => {
      const test = hostForTest();
      const plugin = await launchSubject(test, 'worker', { memoryMb: 64 });

      const hoarding = failureOf(plugin.operations().execute('hoard', what));
      const { failure } = await factOf(test, 'plugin.failed');
      await factOf(test, 'plugin.ready', 2);

      expect(failure).toMatchObject({
        code: 'PLUGIN_MEMORY_LIMIT',
        message: 'plugin "subject" needed more than 64 MiB of memory and was ended',
      });
      expect(await hoarding).toMatchObject({ code: 'PLUGIN_MEMORY_LIMIT' });
      expect(await plugin.operations().execute('echo', 1)).toBe(1);
    },
  );

  it('in an endless loop is ended after 3 missed health checks, while the host goes on with its work', async () => {
    const test = hostForTest();
    const health = { intervalMs: 50, timeoutMs: 200, misses: 3 };
    const busy = await launchSubject(test, 'worker', { name: 'busy', health });
    const other = await launchSubject(test, 'worker', { name: 'other' });
    const lag = monitorEventLoopDelay({ resolution: 5 });
    lag.enable();

    const hanging = failureOf(busy.dispense('probe').hang({ busy: true }));
    let isEnded = false;
    void factOf(test, 'plugin.failed').then(() => {
      isEnded = true;
    });
    let answered = 0;
    while (!isEnded) {
      await other.dispense('probe').echo({ text: 'meanwhile' });
      answered += 1;
    }
    lag.disable();
    await factOf(test, 'plugin.ready', 3);

    expect(await hanging).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE', signal: 'SIGKILL' });
    expect(answered).toBeGreaterThan(10);
    // The loop took 650 ms at least; a host that it blocks has one turn in that time.
    expect(lag.percentile(50) / 1e6).toBeLessThan(200);
    expect(await busy.operations().execute('echo', 'back')).toBe('back');
  });

  it('that is stopped in an endless loop is ended by force, and leaves nothing', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await launchSubject(test, 'worker', { stop: { drainMs: 20, graceMs: 50, terminateMs: 50 } });
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: true }));

    await plugin.stop();

    expect(await hanging).toMatchObject({ code: 'PLUGIN_STOPPED' });
    await test.holdsOnly(before);
  });

  it.each([
    ['an error that nobody catches', 'throwLater', 'TypeError: nobody catches this'],
    ['a rejection that nobody awaits', 'rejectLater', 'RangeError: nobody awaits this'],
  ])('with %s is ended with it, its stack in the stderr tail', async (_what, operation, text) => {
    const test = hostForTest();
    const plugin = await launchSubject(test, 'worker');

    await plugin
      .operations()
      .execute(operation)
      .catch(() => undefined);
    const { failure, stderrTail, exit } = await factOf(test, 'plugin.failed');
    await factOf(test, 'plugin.ready', 2);

    expect(failure).toMatchObject({ code: 'PLUGIN_CRASHED', message: `plugin "subject" failed: ${text}` });
    expect(stderrTail.join('\n')).toMatch(new RegExp(`Uncaught ${text}\\n +at `));
    expect(exit).toEqual({ code: 1, signal: null });
  });

  it.each([
    ['exit', { code: 'PLUGIN_EXITED_EARLY', exitCode: 3 }],
    ['hoard', { code: 'PLUGIN_MEMORY_LIMIT' }],
  ] as const)('that ends within its Init fails its launch with the reason: %s', async (ends, failure) => {
    const launched = launchSubject(hostForTest(), 'worker', { memoryMb: 64, order: { ends } });

    expect(await failureOf(launched)).toMatchObject(failure);
  });

  it('that calls process.exit(7) ends alone, with its code', async () => {
    const plugin = await launchSubject(hostForTest(), 'worker');

    const crash = failureOf(plugin.dispense('probe').crash({ exitCode: 7 }));

    expect(await crash).toMatchObject({ code: 'PLUGIN_CRASHED', exitCode: 7, signal: null });
  });
});

describe.each(['process', 'worker'] as const)('the surroundings of a plugin in the placement %s', (placement) => {
  it('are the variables that it may have, and its own arguments', async () => {
    process.env['TROUPE_TEST_SECRET'] = 'do not tell';
    const env = { GIVEN: '1' };
    const plugin = await launchSubject(hostForTest(), placement, { env, args: ['--colour', 'red'] });
    delete process.env['TROUPE_TEST_SECRET'];

    const { names, argv } = (await plugin.operations().execute('environment')) as { names: string[]; argv: string[] };

    expect(names).toEqual(expect.arrayContaining(['PATH', 'GIVEN']));
    expect(names.filter((name) => /SECRET|TROUPE|^PLUGIN_/.test(name))).toEqual([]);
    expect(argv).toEqual(['--colour', 'red']);
  });

  it('send what it prints to the host, and what it complains about to the log and the tail', async () => {
    const test = hostForTest();
    const printed: string[] = [];
    const plugin = await launchSubject(test, placement, {
      onOutput: ({ stream, data }) => void printed.push(`${stream}: ${data.toString()}`),
    });

    await plugin.operations().execute('print', 'to whom it may concern');
    await plugin.operations().execute('complain', 'it is cold');
    await waitFor('both', () => printed.length > 0 && test.log.entries.some(({ message }) => message === 'it is cold'));
    await plugin
      .dispense('probe')
      .crash({ exitCode: 1 })
      .catch(() => undefined);

    expect(printed.join('')).toBe('stdout: to whom it may concern\n');
    expect((await factOf(test, 'plugin.failed')).stderrTail).toHaveLength(20);
  });
});
