import type { RuntimeError } from '../errors/index.ts';
import type { Environment, EventDraft } from '../ports/index.ts';
import type { PublishOptions } from './publisher.ts';
import type { Receipt, RefusedReceipt } from './receipt.ts';

/** What code needs that publishes in the name of others, such as the gates of plugins. Events of any type. */
export interface BusGateway {
  readonly environment: Environment;
  /** True from `stop` on. */
  readonly closed: boolean;
  publish(draft: EventDraft, options?: PublishOptions): Receipt;
  /** Throws `DEPTH_EXCEEDED` when an event with this cause would be too deep. */
  checkCause(cause: PublishOptions['cause']): void;
  /** Counts and tells an event that was refused before it came to the bus. */
  refuse(error: RuntimeError, about: { readonly source: string; readonly type: string | undefined }): RefusedReceipt;
}
