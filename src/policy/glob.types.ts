/**
 * Whether a pattern matches an event type, for the compiler. `true` for every type when the pattern or the type is not
 * known before the program runs.
 */
export type MatchesGlob<Type extends string, Pattern extends string> = string extends Pattern
  ? true
  : string extends Type
    ? true
    : Pattern extends '*' | '**'
      ? true
      : MatchesSegments<Type, Pattern>;

type MatchesSegments<Type extends string, Pattern extends string> = Pattern extends '**'
  ? true
  : Pattern extends `${infer First}.${infer Rest}`
    ? Type extends `${infer Head}.${infer Tail}`
      ? First extends '*' | Head
        ? MatchesSegments<Tail, Rest>
        : false
      : false
    : Type extends `${string}.${string}`
      ? false
      : Pattern extends '*' | Type
        ? true
        : false;
