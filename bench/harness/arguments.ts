import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchArguments {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly list: boolean;
}

/** A command line that cannot be followed; its message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How the program is used, as one line. */
export const USAGE = 'usage: npm run -s bench -- [NAME...] [--quick] [--json] [--check] [--list]';

/** Reads the command line. Without names it stands for all benchmarks. Throws `UsageError`. */
export function parseArguments(args: readonly string[], known: readonly string[]): BenchArguments {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => `"${name}"`).join(', ');
    throw new UsageError(`there is no benchmark ${names}; there are: ${known.join(', ')}`);
  }
  const { quick = false, json = false, check = false, list = false } = values;
  return { names: positionals.length === 0 ? known : [...new Set(positionals)], quick, json, check, list };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { quick: flag, json: flag, check: flag, list: flag },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, { cause: error });
  }
}
