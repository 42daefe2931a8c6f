import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createRecordingLogger, createVirtualClock } from '../../../src/ports/index.ts';
import { createPluginOutput, guardListener } from '../../../src/transport/go-plugin/plugin-output.ts';

describe('an entry of a plugin', () => {
  it('stands under the name of that plugin, also when it says that it is of another', async () => {
    const log = createRecordingLogger();
    const output = createPluginOutput({ plugin: 'kv', log, clock: createVirtualClock() });

    output.readStderr(Readable.from([Buffer.from('{"@level":"info","@message":"hi","plugin":"other"}\n')]));
    await output.stderrEnded;

    expect(log.entries).toMatchObject([{ level: 'info', message: 'hi', fields: { plugin: 'kv', plugin_: 'other' } }]);
  });
});

describe('a listener for the output', () => {
  const chunk = { stream: 'stdout', data: Buffer.from('x') } as const;

  it('that rejects for each of 3 chunks is logged once, and hears all of them', async () => {
    const log = createRecordingLogger();
    let heard = 0;
    const onOutput = listener(async () => {
      heard += 1;
      await Promise.reject(new Error('disk full'));
    });
    const push = guardListener({ plugin: 'kv', log, onOutput });

    for (let i = 0; i < 3; i++) push(chunk);
    await new Promise((resolve) => setImmediate(resolve));

    expect(heard).toBe(3);
    expect(log.entries).toMatchObject([
      { level: 'error', message: 'the output listener of plugin "kv" rejected', fields: { error: expect.any(Error) } },
    ]);
  });

  it('that resolves is not logged', async () => {
    const log = createRecordingLogger();

    guardListener({ plugin: 'kv', log, onOutput: listener(async () => {}) })(chunk);
    await new Promise((resolve) => setImmediate(resolve));

    expect(log.entries).toEqual([]);
  });
});

// Helpers

/** An asynchronous function where the type asks for one that returns nothing: TypeScript allows it to callers. */
function listener(onOutput: () => Promise<void>): () => void {
  return onOutput as () => void;
}
