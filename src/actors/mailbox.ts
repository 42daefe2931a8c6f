import { requirePositiveInteger } from '../policy/index.ts';

/** How a mailbox is bounded. */
export interface MailboxOptions {
  /** Most messages that wait at a time. Default 1,024. One more is refused, and its sender is told. */
  readonly capacity?: number;
}

/** Default number of messages that a mailbox holds. */
export const DEFAULT_MAILBOX_CAPACITY = 1024;

/** The capacity to use. Throws `InvalidOptionsError` naming the field. */
export function resolveCapacity(options: MailboxOptions | undefined, otherwise = DEFAULT_MAILBOX_CAPACITY): number {
  return requirePositiveInteger('mailbox.capacity', options?.capacity ?? otherwise);
}
