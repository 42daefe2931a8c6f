/** Measures one variant once. */
export type Measure = () => Promise<number>;

/**
 * Measures all variants in turns, `rounds` times, and returns the numbers by variant and round. What changes on the
 * machine in the meantime then meets all of them; the order is turned round each time, so that none is always the first
 * after a pause. Rejects between two measurements when the signal aborts.
 */
export async function interleave<Name extends string>(
  variants: Readonly<Record<Name, Measure>>,
  { rounds, signal }: { readonly rounds: number; readonly signal: AbortSignal },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(variants) as Name[];
  const series = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      signal.throwIfAborted();
      series[name].push(await variants[name]());
    }
  }
  return series;
}
