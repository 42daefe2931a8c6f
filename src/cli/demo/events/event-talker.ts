import { definePlugin, operation, RuntimeError, servePlugin } from '../../../sdk/index.ts';
import { PARCEL, PLACED } from './event-cast.ts';

/** What became of the emits of one talk. */
export interface TalkReport {
  /** How many events the host took. */
  readonly emitted: number;
  /** The answer to the one that the plugin may not emit. */
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
}

/** Serves a plugin that emits when its operation `talk` is called, with the number of events as the input. */
export async function serveTalker(name: string): Promise<void> {
  const talk = operation<unknown, TalkReport>({
    description: 'emits so many parcels, and one order, which is not its business',
    execute: async (count, { emit }) => {
      let emitted = 0;
      for (let number = 1; number <= Number(count); number += 1) {
        await emit({ type: PARCEL, payload: { number } });
        emitted += 1;
      }
      return { emitted, refusal: await refusalOf(emit({ type: PLACED, payload: { number: 0 } })) };
    },
  });
  await servePlugin(definePlugin({ name, version: '1.0.0', operations: { talk } }));
}

async function refusalOf(emit: Promise<unknown>): Promise<TalkReport['refusal']> {
  try {
    await emit;
    return undefined;
  } catch (reason) {
    const { code, rawMessage } = RuntimeError.from(reason);
    return { code, message: rawMessage };
  }
}
