// A process with a host on bare grpc-js and a plugin on bare grpc-js.

import { fileURLToPath } from 'node:url';
import { DEFAULT_HANDSHAKE } from 'troupe/transport';
import { createRawHost } from '../raw/raw-host.ts';
import { serveCommands } from '../rpc/driver.ts';
import { rawWorks } from './raw-works.ts';
import { perform } from './work.ts';
import type { WorkCommand } from './work.ts';

const host = createRawHost();
const plugin = await host.launch({
  command: process.execPath,
  args: [...process.execArgv, fileURLToPath(new URL('raw-plugin.ts', import.meta.url))],
  cookie: DEFAULT_HANDSHAKE,
});
const works = rawWorks(plugin.client);
await serveCommands<WorkCommand>(
  (command) => perform(works, command, [process.pid, plugin.pid]),
  async () => {
    await plugin.close();
    host.close();
  },
);
