import { isMainThread } from 'node:worker_threads';
import { definePlugin, operation, servePlugin } from 'troupe/sdk';
import type { Whereabouts } from './contract.ts';

const plugin = definePlugin({
  name: 'nomad',
  operations: {
    whereabouts: operation({ execute: (): Whereabouts => ({ pid: process.pid, isMainThread }) }),
    loop: operation({
      execute: () => {
        for (;;);
      },
    }),
  },
});

// The same call in every placement.
await servePlugin(plugin);
