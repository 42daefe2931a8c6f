// A plugin whose stream of events breaks, as that of any plugin may.

import { RuntimeError } from '../../../errors/index.ts';
import type { ServedService } from '../../../ports/index.ts';
import type { PluginDefinition } from '../../../sdk/index.ts';

/**
 * The plugin, but its answer to the host is lost, and its stream of events ends with an error, as soon as `isDue` says so
 * when an answer is about to leave.
 */
export function withCut(definition: PluginDefinition, isDue: () => boolean): PluginDefinition {
  const { load } = definition;
  if (load === undefined) return definition;
  return {
    ...definition,
    load: async () => {
      const extend = await load();
      return (runtime) => {
        const extension = extend(runtime);
        return { ...extension, services: extension.services.map((one) => cutting(one, isDue)) };
      };
    },
  };
}

type Deliver = (requests: unknown, context: unknown) => AsyncIterable<unknown>;

function cutting({ descriptor, implementation }: ServedService, isDue: () => boolean): ServedService {
  const { deliver } = implementation as { readonly deliver?: Deliver };
  if (deliver === undefined) return { descriptor, implementation };
  const cut: Deliver = (requests, context) => untilDue(deliver(requests, context), isDue);
  return { descriptor, implementation: { ...implementation, deliver: cut } as ServedService['implementation'] };
}

async function* untilDue(answers: AsyncIterable<unknown>, isDue: () => boolean): AsyncGenerator<unknown> {
  for await (const answer of answers) {
    if (isDue()) throw new RuntimeError('UNAVAILABLE', 'the demo has cut the stream');
    yield answer;
  }
}
