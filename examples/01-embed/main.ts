import { fileURLToPath } from 'node:url';
import { createHost } from 'troupe';
import { GreeterService } from './contract.ts';

const host = createHost();
try {
  const plugin = await host.launch({
    name: 'greeter',
    command: process.execPath,
    // The plugin runs with the same options of Node.js as this program.
    args: [...process.execArgv, fileURLToPath(new URL('./plugin.ts', import.meta.url))],
    services: { greeter: GreeterService },
  });

  const greeter = plugin.dispense('greeter');
  const { text, pid } = await greeter.greet({ name: 'world' });
  console.log(`"${text}", says process ${pid}; this is process ${process.pid}`);
} finally {
  // Also after an error: plugins live as long as their host.
  const { stopped } = await host.stop();
  console.log(`stopped: ${stopped.join(', ')}`);
}
