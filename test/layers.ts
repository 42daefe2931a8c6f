// The layers of `src`, as data. test/architecture.test.ts holds the sources to them, and .oxlintrc.json to the same lists.

const GROUND = ['errors', 'policy', 'ports', 'gen'];
const BELOW_ACTORS = [...GROUND, 'machines', 'transport', 'stores'];
const BELOW_HOST = [...BELOW_ACTORS, 'actors', 'bus', 'registry', 'bridge'];

/** What each folder of `src` may import from, besides itself. `.` is src/index.ts. Type imports count too. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  policy: ['errors'],
  ports: ['errors', 'policy'],
  gen: [],
  machines: ['errors', 'policy', 'ports'],
  transport: GROUND,
  stores: GROUND,
  actors: BELOW_ACTORS,
  // These three and the host meet each other only in the host.
  bus: [...BELOW_ACTORS, 'actors'],
  registry: [...BELOW_ACTORS, 'actors'],
  bridge: [...BELOW_ACTORS, 'actors'],
  host: BELOW_HOST,
  // Never the host or a store: a plugin process must not load them.
  sdk: [...GROUND, 'machines', 'transport', 'actors'],
  // Leaves: nothing else in `src` imports them.
  inspector: [...BELOW_HOST, 'host'],
  cli: [...BELOW_HOST, 'host', 'sdk', 'inspector'],
  testing: [...BELOW_HOST, 'host', 'sdk'],
  '.': [...BELOW_HOST, 'host', 'sdk'],
};

/** Who may use a library. */
export interface LibraryRule {
  readonly in: readonly string[];
  /** Folders that may name its types only. */
  readonly typesIn?: readonly string[];
}

/** The libraries that belong to certain folders; one that is not listed is open to all. */
export const LIBRARIES: Readonly<Record<string, LibraryRule>> = {
  xstate: { in: ['machines', 'actors', 'inspector', 'testing'] },
  '@grpc/grpc-js': { in: ['transport', 'gen', 'sdk'], typesIn: ['host'] },
  commander: { in: ['cli'] },
  kysely: { in: ['stores'] },
  pg: { in: ['stores'] },
};

/** Modules of Node.js that read time or schedule work, with the names of them that do neither. */
export const TIME_MODULES: Readonly<Record<string, readonly string[]>> = {
  'node:timers': ['setImmediate'],
  'node:timers/promises': ['setImmediate'],
  'node:perf_hooks': [],
};

/** Whether a file of `src` may read time and randomness. */
export function mayReadTime(file: string): boolean {
  return /^src\/ports\/real[^/]*\.ts$/.test(file);
}

/**
 * Whether a file may be imported from another folder: its `index.ts`; the `index.ts` of a sub-folder of `transport` or
 * `actors`, so that a plugin process loads little, or of `host`, so that a command does; any file of `gen`, which has no
 * index; any file of `ports`, whose index would load the virtual clock and the loggers into every plugin.
 */
export function isDoor(file: string): boolean {
  if (/^src\/(gen|ports)\//.test(file)) return true;
  return /^src\/[^/]+\/index\.ts$/.test(file) || /^src\/(transport|actors|host)\/[^/]+\/index\.ts$/.test(file);
}
