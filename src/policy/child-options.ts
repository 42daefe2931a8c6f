import { InvalidOptionsError } from '../errors/index.ts';
import { resolveMailbox } from './mailbox-policy.ts';
import type { MailboxOptions, MailboxPolicy } from './mailbox-policy.ts';
import { requirePositive } from './required-numbers.ts';
import { requireObject, shown } from './required-options.ts';
import { resolveSupervision } from './supervision.ts';
import type { SupervisionOptions, SupervisionPolicy, SupervisionStrategy } from './supervision.ts';

/** How an actor is bounded and supervised. */
export interface ChildOptions {
  /** Bounds for its mailbox. Default: those of the system. */
  readonly mailbox?: MailboxOptions | undefined;
  /** Whether and how often its parent starts it again. Default: never. */
  readonly supervision?: SupervisionOptions | undefined;
  /** Who among its children is restarted with one that failed. Default `oneForOne`. */
  readonly strategy?: SupervisionStrategy | undefined;
  /** Milliseconds that its clean-up may take at its end. Default 5,000. */
  readonly cleanUpMs?: number | undefined;
}

/** Child options with the defaults filled in. */
export interface ChildPolicy {
  readonly mailbox: MailboxPolicy;
  readonly supervision: SupervisionPolicy;
  readonly strategy: SupervisionStrategy;
  readonly cleanUpMs: number;
}

const STRATEGIES: readonly unknown[] = ['oneForOne', 'oneForAll', 'restForOne'] satisfies SupervisionStrategy[];
const DEFAULT_CLEAN_UP_MS = 5000;

/** The strategy to use. Throws `InvalidOptionsError` naming it. */
function resolveStrategy(strategy: SupervisionStrategy = 'oneForOne'): SupervisionStrategy {
  if (STRATEGIES.includes(strategy)) return strategy;
  throw new InvalidOptionsError('strategy', `must be one of ${STRATEGIES.join(', ')}, got ${shown(strategy)}`);
}

/**
 * Fills the defaults in.
 *
 * @param defaults what counts where an option is left out
 * @throws InvalidOptionsError naming the option
 */
export function resolveChild(options: ChildOptions, defaults?: ChildPolicy): ChildPolicy {
  const { mailbox, supervision, strategy, cleanUpMs } = options;
  // Most actors take everything from the system; they then share one object.
  const isPlain = mailbox === undefined && supervision === undefined && strategy === undefined;
  if (defaults !== undefined && isPlain && cleanUpMs === undefined) return defaults;
  if (mailbox !== undefined) requireObject('mailbox', mailbox);
  if (supervision !== undefined) requireObject('supervision', supervision);
  return {
    mailbox: mailbox === undefined && defaults !== undefined ? defaults.mailbox : resolveMailbox(mailbox),
    supervision:
      supervision === undefined && defaults !== undefined ? defaults.supervision : resolveSupervision(supervision),
    strategy: strategy === undefined && defaults !== undefined ? defaults.strategy : resolveStrategy(strategy),
    cleanUpMs: requirePositive('cleanUpMs', cleanUpMs ?? defaults?.cleanUpMs ?? DEFAULT_CLEAN_UP_MS),
  };
}
