// A plugin that writes down every call and every event that it handles, to the file that it is told.

import { openSync, writeSync } from 'node:fs';
import { definePlugin, servePlugin, service } from 'troupe/sdk';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';

const journal = openSync(process.argv[2] ?? '', 'a');
const { echo } = ProbeServiceService;

await servePlugin(
  definePlugin({
    name: 'worker',
    version: '1.0.0',
    services: () => [
      service(
        { echo },
        {
          echo({ text }) {
            writeSync(journal, `call ${text}\n`);
            return { text, pid: process.pid, version: 1 };
          },
        },
      ),
    ],
    on: { 'work.*': ({ id }) => void writeSync(journal, `event ${id}\n`) },
  }),
);
