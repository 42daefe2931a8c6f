import type { FlatMessage } from './flat-messages.ts';
import type { SqliteFailure } from './sqlite-errors.ts';

/** What the thread of a database is told: requests, or that it is to end. */
export type ToWorker = FlatMessage | 'close';

/** What the thread of a database says; a message answers the requests of one, in their order. */
export type FromWorker =
  | FlatMessage
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: SqliteFailure };
