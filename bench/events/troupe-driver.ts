// A process with a host of ours, a bus, and plugins that subscribe to it.
// Arguments: --form=acked|stream|unary|foreign|none [--subscribers=N] [--capacity=N] [--lazy] [--go-pair=PROGRAM]

import { parseArgs } from 'node:util';
import { serveCommands } from '../rpc/driver.ts';
import { openEventPath } from './troupe-path.ts';
import type { PathForm } from './troupe-path.ts';
import { troupeWorks } from './troupe-works.ts';
import { perform } from './work.ts';
import type { WorkCommand, WorkResult } from './work.ts';

/** How often a work is looked after, and how long it may go on when its time is over. */
const WATCH_MS = 500;
const LATE_MS = 15_000;

const { values } = parseArgs({
  options: {
    form: { type: 'string', default: 'acked' },
    subscribers: { type: 'string', default: '1' },
    capacity: { type: 'string', default: '4096' },
    lazy: { type: 'boolean', default: false },
    'go-pair': { type: 'string', default: '' },
  },
});
const form = values.form as PathForm;
const subscribers = Number(values.subscribers);
const capacity = Number(values.capacity);
const path = await openEventPath({ form, subscribers, capacity, lazy: values.lazy, goPair: values['go-pair'] });
const works = troupeWorks(path, subscribers, form === 'foreign');
await serveCommands<WorkCommand>(watched, path.close);

/** Fails when events were lost, or when nothing comes to an end. */
async function watched(command: WorkCommand): Promise<WorkResult> {
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  const lateAt = performance.now() + command.durationMs + LATE_MS;
  const watch = setInterval(() => {
    if (path.lost === 0 && performance.now() < lateAt) return;
    reject(new Error(`${command.work}: ${path.lost} events lost, ${path.settled} settled`));
  }, WATCH_MS);
  try {
    return await Promise.race([perform(works, command, path.pids), stuck]);
  } finally {
    clearInterval(watch);
  }
}
