// Bugs of patterns, rates and the index of subscriptions that properties must find. Plant one, run its property, see it
// fail, restore.

import type { Mutant } from './actors-and-machines.ts';

/** One bug or more for each property. */
export const BUS_POLICY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a segment matches every longer one (G3)',
    file: 'src/policy/glob.ts',
    from: 'segment.length === end - from && type.startsWith(segment, from)',
    to: 'type.startsWith(segment, from)',
    killedBy: 'property-tests/policy/glob.policy.prop.ts',
  },
  {
    name: 'a bucket has no bottom to how full it gets (T1)',
    file: 'src/policy/token-bucket.ts',
    from: 'Math.min(burst, this.#tokens + (elapsedMs * perSecond) / 1_000)',
    to: 'Math.max(burst, this.#tokens + (elapsedMs * perSecond) / 1_000)',
    killedBy: 'property-tests/policy/token-bucket.policy.prop.ts',
  },
  {
    name: 'what was found is remembered when a subscription is gone (I2)',
    file: 'src/bus/subscription-index.ts',
    from: 'prune(this.#root, segments, 0, { subscriber, open });\n    this.#found.clear();',
    to: 'prune(this.#root, segments, 0, { subscriber, open });',
    killedBy: 'property-tests/bus/subscription-index.model.prop.ts',
  },
  {
    name: 'nodes that nobody needs stay',
    file: 'src/bus/subscription-index.ts',
    from: 'if (child.next.size === 0 && child.exact.size === 0 && child.open.size === 0) node.next.delete(segment);',
    to: '',
    killedBy: 'property-tests/bus/subscription-index.model.prop.ts',
  },
];
