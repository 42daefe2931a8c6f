import type { DeadLetter, DeadLetterReason } from '../../actors/core/index.ts';
import type { Oracle } from './oracle.ts';

/** Which dead letters are fine. */
export interface NoDeadLettersOptions {
  /** Their reasons, or a function that knows. */
  readonly except?: readonly DeadLetterReason[] | ((letter: DeadLetter) => boolean) | undefined;
}

/** Fails when a message reaches nobody. */
export function noDeadLetters({ except = [] }: NoDeadLettersOptions = {}): Oracle<unknown> {
  const isFine = typeof except === 'function' ? except : ({ reason }: DeadLetter): boolean => except.includes(reason);
  return {
    name: 'noDeadLetters',
    watch(view) {
      let found: DeadLetter | undefined;
      view.system.deadLetters.subscribe((letter) => {
        if (!isFine(letter)) found ??= letter;
      });
      return {
        afterStep() {
          if (found === undefined) return undefined;
          const { message, receiver, reason, sender } = found;
          const type: unknown = (message as { readonly type?: unknown } | undefined)?.type;
          return `"${String(type)}" from ${sender ?? 'outside'} to ${receiver} reached nobody: ${reason}`;
        },
      };
    },
  };
}
