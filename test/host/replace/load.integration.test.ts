// Versions that change under load, recounted from what the processes wrote down.

import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LaunchOptions, Plugin } from '../../../src/host/index.ts';
import { buildGoProgram } from '../../peers/go.ts';
import { describeWithPeer } from '../../peers/peers.ts';
import { testScale } from '../../setup/size.ts';
import { firstOnes, imbalance, viewOf } from '../events/support.ts';
import { waitFor } from '../support.ts';
import { callAll, callsOf, publishAll, putsOf, replaceScene } from './support.ts';
import type { CallReport, JournalLine, MakeCall, ReplaceScene } from './support.ts';

const { factor } = testScale();
const SWAPS = 10 * factor;
const AT_ONCE = 64;
const PER_SECOND = 1_000;
const LIMIT_MS = 120_000 * factor;

describe(`C4-14, G-16: ${SWAPS} changes of version with ${AT_ONCE} calls in flight and ${PER_SECOND} events a second`, () => {
  it('execute each call once, fail none, and lose no event: in TypeScript', { timeout: LIMIT_MS }, async () => {
    const scene = replaceScene();
    const outcome = await changeUnderLoad(scene, () => scene.version(), callsOf);

    expect(outcome).toEqual(GOOD);
  });
});

describeWithPeer('go', `${SWAPS} changes of version of a plugin in Go under the same load`, () => {
  let command = '';
  beforeAll(async () => {
    command = await buildGoProgram({
      name: 'worker-plugin',
      directory: fileURLToPath(new URL('./go', import.meta.url)),
      protos: ['troupe/events/v1/events.proto'],
    });
  }, 300_000);

  it('execute each call once, fail none, and lose no event: in Go', { timeout: LIMIT_MS }, async () => {
    const scene = replaceScene();
    const outcome = await changeUnderLoad(scene, () => scene.goVersion(command), putsOf);

    expect(outcome).toEqual(GOOD);
  });
});

// Helpers

/** What all changes came to: how many of each is wrong. */
interface Outcome {
  readonly failed: readonly unknown[];
  readonly executedTwice: number;
  readonly notExecuted: number;
  readonly eventsTwiceInOneProcess: number;
  readonly eventsLost: number;
  readonly isInOrder: boolean;
  readonly imbalance: number;
}

const GOOD: Outcome = {
  failed: [],
  executedTwice: 0,
  notExecuted: 0,
  eventsTwiceInOneProcess: 0,
  eventsLost: 0,
  isInOrder: true,
  imbalance: 0,
};

async function changeUnderLoad(
  scene: ReplaceScene,
  options: () => LaunchOptions,
  callsTo: (plugin: Plugin) => MakeCall,
): Promise<Outcome> {
  const { host } = scene.test;
  const plugin = await host.launch(options());
  const view = viewOf(host.bus, 'worker');
  const calls = callAll(callsTo(plugin), AT_ONCE);
  const events = publishAll(scene.test, PER_SECOND);
  let off = 0;
  for (let swap = 1; swap <= SWAPS; swap += 1) {
    const staged = await plugin.stage(options());
    await staged.verify();
    await staged.swap();
    off += Math.abs(imbalance(view));
    // One in four does not keep what it swapped.
    if (swap % 4 === 0) await staged.revert();
    else await staged.keep({ drainMs: 20_000 });
    off += Math.abs(imbalance(view));
  }
  const report = await calls.stop();
  const ids = await events.stop();
  await waitFor('all events are settled', () => view.counters.pending === 0, 60_000);
  expect(view.counters).toMatchObject({ published: ids.length, delivered: ids.length, settledTwice: 0 });
  expect(report.answered.length).toBeGreaterThan(SWAPS * AT_ONCE);
  await plugin.stop();
  off += Math.abs(imbalance(view));
  return { ...ofCalls(report, scene.lines('call')), ...ofEvents(ids, scene.lines('event')), imbalance: off };
}

function ofCalls({ answered, failed }: CallReport, lines: readonly JournalLine[]) {
  const executed = new Set(lines.map(({ id }) => id));
  const notExecuted = answered.filter((id) => !executed.has(id)).length;
  return { failed, executedTwice: lines.length - executed.size, notExecuted };
}

function ofEvents(ids: readonly string[], lines: readonly JournalLine[]) {
  const handled = firstOnes(lines.map(({ id }) => id));
  return {
    eventsTwiceInOneProcess: lines.length - new Set(lines.map(({ id, pid }) => `${id} ${pid}`)).size,
    eventsLost: ids.length - handled.length,
    isInOrder: handled.every((id, index) => id === ids[index]),
  };
}
