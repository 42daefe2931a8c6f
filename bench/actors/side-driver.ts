// A process with one side of the comparisons, named by its command line. It sets each work up when it is first asked for.

import { measureStall, serveCommands } from '../rpc/driver.ts';
import { SIDES } from './sides.ts';
import type { SideName } from './sides.ts';
import type { Work } from './works/work.ts';

/** One measurement of one work. */
export interface WorkCommand {
  readonly work: string;
  readonly durationMs: number;
}

/** What came of it. */
export interface WorkResult {
  readonly value: number;
  /** The 99th percentile of the time by which the event loop was late. */
  readonly stallMs: number;
}

const { WORKS } = await SIDES[process.argv[2] as SideName]();
const works = new Map<string, Work>();

await serveCommands<WorkCommand>(
  async ({ work: name, durationMs }) => {
    const work = works.get(name) ?? (await WORKS[name]?.());
    if (work === undefined) throw new Error(`there is no work "${name}"`);
    works.set(name, work);
    const { result, stallMs } = await measureStall(() => work.run(durationMs));
    return { value: result, stallMs } satisfies WorkResult;
  },
  async () => {},
);
