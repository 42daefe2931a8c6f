import { InvalidOptionsError } from '../../errors/index.ts';

/** Which actors are meant: paths in which `*` is one segment or a part of it and `**` any number of segments, or a predicate. */
export type ActorFilter = string | readonly string[] | ((path: string) => boolean);

/** Which actors are looked at. */
export interface ViewOptions {
  /** Default: all. */
  readonly include?: ActorFilter | undefined;
  /**
   * Share of the actors that is looked at, above 0 and at most 1. An actor is in or out for all its life, so that what is
   * seen of it is whole. Default 1.
   */
  readonly sample?: number | undefined;
}

/**
 * Makes the test for a path.
 *
 * @throws InvalidOptionsError naming the option
 */
export function createActorFilter({ include = '**', sample = 1 }: ViewOptions): (path: string) => boolean {
  if (!(sample > 0 && sample <= 1)) {
    throw new InvalidOptionsError('sample', `must be a number above 0 and at most 1, got ${String(sample)}`);
  }
  const isIncluded = typeof include === 'function' ? include : matcherOf([include].flat());
  return (path) => (sample === 1 || shareOf(path) < sample) && isIncluded(path);
}

function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(patternOf);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function patternOf(glob: string): RegExp {
  if (glob === '**') return /^/;
  const source = glob
    .replace(/^\/?/, '/')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\/\*\*|\*\*|\*/g, (star) => ({ '/**': '(?:/.*)?', '**': '.*' })[star] ?? '[^/]*');
  return new RegExp(`^${source}$`);
}

/** A number from 0 up to 1 that is the same for a path each time (FNV-1a). */
function shareOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
