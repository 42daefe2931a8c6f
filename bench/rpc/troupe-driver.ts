// A process with a troupe host, which starts the plugin of its command line: [--mtls] [--go] -- COMMAND [ARGUMENT...]

import { createHost } from 'troupe';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';
import { cookieOf, readDriverArguments } from './driver-arguments.ts';
import { serveBatches } from './driver.ts';
import { troupeBatches } from './troupe-batches.ts';

const { command, args, mtls, isGo } = readDriverArguments(process.argv.slice(2));
const host = createHost();
const plugin = await host.launch({
  name: 'bench',
  command,
  args,
  insecure: !mtls,
  handshake: cookieOf(isGo),
  // Nothing is to be left in the user's cache.
  compileCache: 'off',
});
await serveBatches(troupeBatches(plugin.dispense(ProbeServiceService)), async () => void (await host.stop()));
