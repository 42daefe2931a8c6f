// A plugin on troupe's SDK, written as its documentation shows it. Arguments: FORM full|lazy.

import { servePlugin } from 'troupe/sdk';
import { definePlugin } from '../../src/sdk/define-plugin.ts';
import type { EventFormName } from '../../src/sdk/event-types.ts';

const [form = 'acked', decode = 'full'] = process.argv.slice(2);

/** What the handlers have seen, so that nothing of their reading is left out. */
let seen = 0;

await servePlugin(
  definePlugin({
    name: 'bench',
    forms: [form as EventFormName],
    decode: decode === 'lazy' ? 'lazy' : 'full',
    on: {
      'order.*': (event) => {
        if (decode === 'lazy') {
          seen += event.type.length;
          return;
        }
        const { id, type, time, source, metadata, payload, depth } = event;
        const size = payload instanceof Uint8Array ? payload.length : 0;
        seen += id.length + type.length + source.length + time + depth + size + (metadata['trace']?.length ?? 0);
      },
    },
  }),
);
