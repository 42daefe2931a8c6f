import { RuntimeError } from '../../errors/index.ts';
import { requirePositiveInteger } from '../../policy/index.ts';
import { createRealClock, createRealLogger } from '../../ports/index.ts';
import type { Clock, Logger } from '../../ports/index.ts';
import type { InspectionEvent } from '../core/inspection/inspection.ts';
import { createActorFilter } from './actor-filter.ts';
import type { ViewOptions } from './actor-filter.ts';
import { redactSecrets } from './redact.ts';
import type { CopyLimits, Redactor } from './redact.ts';
import { StatelyFeed } from './stately-feed.ts';
import type { StatelyInspector } from './stately-feed.ts';
import { StatelyFrames } from './stately-frames.ts';
import { StatelySocket } from './stately-socket.ts';

/** What Stately's inspector is shown, and how it is reached. */
export interface StatelyOptions extends ViewOptions {
  /** Where frames are sent. Default `ws://127.0.0.1:8080`; leave it on this machine, since nothing is encrypted there. */
  readonly url?: string | undefined;
  /**
   * An inspector of `@statelyai/inspect`, in place of a connection to `url`: that of a browser, or of Stately's cloud.
   * Whoever makes it stops it.
   */
  readonly inspector?: StatelyInspector | undefined;
  /**
   * What is shown of contexts, messages and outputs. Default `redactSecrets`: values are masked whose key contains secret,
   * api key, private key, password, passwd, pwd, passphrase, token, jwt, credential, cookie, auth, authorization,
   * connection string or dsn. False: everything is shown.
   */
  readonly redact?: false | Redactor | undefined;
  /** How much is shown of one value. */
  readonly limits?: CopyLimits | undefined;
  /** Frames that wait while there is no connection; then the oldest are dropped. Default 1,000. */
  readonly maxWaiting?: number | undefined;
  /** Takes note of problems. Default: standard error. */
  readonly log?: Logger | undefined;
  /** Times the attempts to connect. Default: the real one. */
  readonly clock?: Clock | undefined;
}

/** Give it to `createSystem` as `inspect`, or to `system.inspect`. Whoever makes it closes it. */
export interface StatelyInspection {
  (event: InspectionEvent): void;
  /** Resolves when `@statelyai/inspect` is loaded; rejects with PEER_MISSING when it is not installed. */
  readonly ready: Promise<void>;
  /** Ends the connection; an inspector that was handed in goes on. */
  close(): void;
}

/**
 * Shows the actors of a system in Stately's inspector: the system's own tree, supervisors included.
 *
 * @throws InvalidOptionsError naming the option
 */
export function inspectInStately(options: StatelyOptions = {}): StatelyInspection {
  const { maxWaiting = 1000, redact = redactSecrets, limits = {}, log = createRealLogger() } = options;
  requirePositiveInteger('maxWaiting', maxWaiting);
  const feed = new StatelyFeed(new StatelyFrames(redact, limits), createActorFilter(options), maxWaiting);
  let socket: StatelySocket | undefined;
  let isClosed = false;

  const connect = async (): Promise<void> => {
    const { createInspector } = await loadInspect();
    if (isClosed) return;
    const { url = 'ws://127.0.0.1:8080', clock = createRealClock() } = options;
    socket = new StatelySocket({ url, clock, maxWaiting, onReconnect: () => feed.announceAll() });
    feed.attach(createInspector(socket as never, { serializationDepthLimit: 50 }) as StatelyInspector);
    socket.start();
  };

  let ready = Promise.resolve();
  if (options.inspector === undefined) ready = connect();
  else feed.attach(options.inspector);
  ready.catch((error: unknown) => {
    isClosed = true;
    log.log('error', 'nothing is shown in the inspector', { error });
  });
  return Object.assign((event: InspectionEvent): void => void (isClosed || feed.take(event)), {
    ready,
    close: () => {
      isClosed = true;
      socket?.stop();
    },
  });
}

async function loadInspect(): Promise<typeof import('@statelyai/inspect')> {
  try {
    return await import('@statelyai/inspect');
  } catch (cause) {
    throw new RuntimeError('PEER_MISSING', 'install "@statelyai/inspect" to look at actors in its inspector', {
      cause,
    });
  }
}
