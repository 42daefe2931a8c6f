// A plugin on troupe's SDK, written as its documentation shows it.

import { servePlugin, service } from 'troupe/sdk';
import { ProbeServiceService } from '../../test/gen/troupe/testing/v1/peer.ts';

const { echo, download, upload, chat } = ProbeServiceService;

await servePlugin({
  name: 'bench',
  services: [
    service(
      { echo, download, upload, chat },
      {
        echo: ({ text }) => ({ text, pid: 0, version: 0 }),
        *download({ count, text }) {
          for (let index = 0; index < count; index += 1) yield { index, text };
        },
        async upload(requests) {
          let messages = 0;
          let bytes = 0;
          for await (const { text } of requests) {
            messages += 1;
            bytes += text.length;
          }
          return { messages, bytes: BigInt(bytes) };
        },
        async *chat(requests) {
          for await (const { text } of requests) yield { text };
        },
      },
    ),
  ],
});
