import { compileGlob } from './glob.ts';

/**
 * Whether each event type that `inner` matches is matched by `outer`: `order.**` covers `order.*` and `order.paid`. What
 * is no pattern covers nothing but itself, and only the same text and the pattern for everything cover it.
 */
export function globCovers(outer: string, inner: string): boolean {
  if (outer === inner || isAll(outer)) return true;
  if (isAll(inner)) return false;
  try {
    return coversSegments(compileGlob(outer), compileGlob(inner));
  } catch {
    // One of them is no pattern.
    return false;
  }
}

interface Shape {
  readonly segments: readonly string[];
  readonly open: boolean;
}

function coversSegments(outer: Shape, inner: Shape): boolean {
  if (!outer.open && (inner.open || inner.segments.length !== outer.segments.length)) return false;
  // The shortest type that `inner` matches has one segment more when it is open; `outer` needs one more, too.
  const shortest = inner.segments.length + (inner.open ? 1 : 0);
  if (outer.open && shortest <= outer.segments.length) return false;
  return outer.segments.every((segment, index) => segment === '*' || segment === inner.segments[index]);
}

function isAll(pattern: string): boolean {
  return pattern === '*' || pattern === '**';
}
