import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createRecordingLogger, createVirtualClock } from '../../../src/ports/index.ts';
import { createPluginOutput } from '../../../src/transport/go-plugin/plugin-output.ts';

describe('an entry of a plugin', () => {
  it('stands under the name of that plugin, also when it says that it is of another', async () => {
    const log = createRecordingLogger();
    const output = createPluginOutput({ plugin: 'kv', log, clock: createVirtualClock() });

    output.readStderr(Readable.from([Buffer.from('{"@level":"info","@message":"hi","plugin":"other"}\n')]));
    await output.stderrEnded;

    expect(log.entries).toMatchObject([{ level: 'info', message: 'hi', fields: { plugin: 'kv', plugin_: 'other' } }]);
  });
});
