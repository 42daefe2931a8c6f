import { fileURLToPath } from 'node:url';
import { createHost, isRuntimeError } from 'troupe';
import type { Whereabouts } from './contract.ts';

const module = fileURLToPath(new URL('./plugin.ts', import.meta.url));
// Modules in processes and workers run with the same options of Node.js as this program.
const nodeArgs = process.execArgv;

const host = createHost();
host.onFact((fact) => {
  if (fact.type === 'plugin.failed') console.log(`${fact.plugin}: ${fact.failure.code}`);
});
try {
  const plugins = [
    await host.launch({ name: 'process', module, nodeArgs }),
    await host.launch({
      name: 'worker',
      module,
      nodeArgs,
      placement: 'worker',
      health: { intervalMs: 50, timeoutMs: 200 },
    }),
    await host.launch({ name: 'inProcess', module, placement: 'inProcess' }),
  ];
  for (const plugin of plugins) {
    const { pid, isMainThread } = (await plugin.operations().execute('whereabouts')) as Whereabouts;
    const whose = pid === process.pid ? "the host's process" : 'a process of its own';
    console.log(`${plugin.name}: in ${whose}, ${isMainThread ? 'in its main thread' : 'in a thread of its own'}`);
  }

  // A thread that does not come back is ended, and the plugin started again.
  const [, worker] = plugins;
  try {
    await worker?.operations().execute('loop');
  } catch (error) {
    if (!isRuntimeError(error)) throw error;
    console.log(`the loop was ended: ${error.code}`);
  }
  await worker?.ready();
  console.log(`worker: ${worker?.status().state}, restarts: ${worker?.status().restarts}`);
} finally {
  const { stopped } = await host.stop();
  console.log(`stopped: ${stopped.join(', ')}`);
}
