// A process with a host on bare grpc-js, which starts the plugin of its command line as the other driver does.

import { createRawHost } from '../raw/raw-host.ts';
import { cookieOf, readDriverArguments } from './driver-arguments.ts';
import { serveBatches } from './driver.ts';
import { rawBatches } from './raw-batches.ts';

const { command, args, mtls, isGo } = readDriverArguments(process.argv.slice(2));
const host = createRawHost();
const plugin = await host.launch({ command, args, mtls, cookie: cookieOf(isGo) });
await serveBatches(rawBatches(plugin.client), async () => {
  await plugin.close();
  host.close();
});
