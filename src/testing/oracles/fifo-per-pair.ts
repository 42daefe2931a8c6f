import type { Oracle } from './oracle.ts';

/**
 * Fails when an actor processes two messages of one sender in another order than they came. The mailboxes keep that
 * order; an actor that puts messages aside, and faults that delay them, need not.
 */
export function fifoPerPair(): Oracle<unknown> {
  return {
    name: 'fifoPerPair',
    watch(view) {
      const last = new Map<string, { readonly order: number; readonly type: string }>();
      let found: string | undefined;
      view.onProcessed(({ from, to, message, order, stashed }) => {
        if (message === undefined || stashed) return;
        const pair = `${from} to ${to}`;
        const before = last.get(pair);
        if (before !== undefined && before.order > order) {
          found ??= `from ${pair}, "${message.type}" came before "${before.type}" and was processed after it`;
        }
        last.set(pair, { order, type: message.type });
      });
      return { afterStep: () => found };
    },
  };
}
