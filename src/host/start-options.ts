import { InvalidOptionsError } from '../errors/index.ts';
import { requireObject, requirePositiveInteger, shown } from '../policy/index.ts';
import type { LaunchOptions } from './launch-options.ts';
import type { DiscoveryOptions } from './manifest/index.ts';

/** What a failed start of a plugin means to the others. */
export type StartFailurePolicy = 'abort' | 'continue';

/** Which plugins are started, and how. */
export interface StartOptions extends DiscoveryOptions {
  /** Names of the plugins to start. Default: all that are found. */
  readonly plugins?: readonly string[];
  /** Configuration by the name of the plugin; checked against its manifest. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Policies by the name of the plugin; they win over the manifest's `startFailure`. */
  readonly startFailure?: Readonly<Record<string, StartFailurePolicy>>;
  /** Options by the name of the plugin; they win over what follows from its manifest. */
  readonly launch?: Readonly<Record<string, Partial<LaunchOptions>>>;
  /** Plugins that are being started at the same time. Default 4. */
  readonly atOnce?: number;
  /** Ends the start, and what was started, when it aborts. */
  readonly signal?: AbortSignal;
}

const POLICIES: readonly unknown[] = ['abort', 'continue'] satisfies StartFailurePolicy[];

/**
 * Checks the options before anything is looked for: a text in the place of a list would be a list of letters, and `.` and
 * `/` are directories.
 *
 * @throws InvalidOptionsError naming the option
 */
export function checkStartOptions(options: StartOptions): StartOptions {
  const { directories, manifests, plugins, config, startFailure, launch, atOnce, signal } = requireObject(
    'options',
    options,
  );
  for (const [field, list] of Object.entries({ directories, manifests, plugins })) requireTexts(field, list);
  if (config !== undefined) requireObject('config', config);
  for (const [name, policy] of entriesOf('startFailure', startFailure)) {
    if (!POLICIES.includes(policy)) {
      throw new InvalidOptionsError(`startFailure.${name}`, `takes ${POLICIES.join(' or ')}, got ${shown(policy)}`);
    }
  }
  for (const [name, given] of entriesOf('launch', launch)) requireObject(`launch.${name}`, given);
  if (atOnce !== undefined) requirePositiveInteger('atOnce', atOnce);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidOptionsError('signal', `must be an AbortSignal, got ${shown(signal)}`);
  }
  return options;
}

/** Leaves out a list that is not given. */
function requireTexts(field: string, list: unknown): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw new InvalidOptionsError(field, `must be a list of texts, got ${shown(list)}`);
  for (const [index, text] of list.entries()) {
    if (typeof text === 'string' && text !== '') continue;
    throw new InvalidOptionsError(`${field}[${index}]`, `must be a text that is not empty, got ${shown(text)}`);
  }
}

function entriesOf(field: string, byName: object | undefined): [string, unknown][] {
  return byName === undefined ? [] : Object.entries(requireObject(field, byName));
}
