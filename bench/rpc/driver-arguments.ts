import { DEFAULT_HANDSHAKE } from 'troupe/transport';
import type { MagicCookie } from 'troupe/transport';
import { parseArgs } from 'node:util';

/** What a driver is told on its command line. */
export interface DriverArguments {
  readonly command: string;
  readonly args: readonly string[];
  readonly mtls: boolean;
  /** The plugin is the Go peer of the tests, which expects a cookie of its own. */
  readonly isGo: boolean;
}

const GO_COOKIE: MagicCookie = { cookieKey: 'TROUPE_TEST_PLUGIN', cookieValue: 'd1b7a7d2-test' };

/** Reads `[--mtls] [--go] -- COMMAND [ARGUMENT...]`. */
export function readDriverArguments(argv: readonly string[]): DriverArguments {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { mtls: flag, go: flag },
  });
  const [command, ...args] = positionals;
  if (command === undefined) throw new Error('the driver was given no plugin');
  return { command, args, mtls: values.mtls, isGo: values.go };
}

/** The magic cookie of troupe's plugins, or that of the Go peer. */
export function cookieOf(isGo: boolean): MagicCookie {
  return isGo ? GO_COOKIE : DEFAULT_HANDSHAKE;
}
