// Helpers for tests that start a plugin process without a host.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { createRealClock } from '../../src/ports/index.ts';
import { DEFAULT_HANDSHAKE } from '../../src/transport/index.ts';
import { createGrpcConnection } from '../../src/transport/grpc/index.ts';
import type { GrpcConnection } from '../../src/transport/grpc/index.ts';
import type { ProbeOptions } from '../host/fixtures/probe-plugin.ts';
import { childEnv, nodeCommand, waitFor } from '../host/support.ts';

/** What a host without TLS would set. */
export const HOST_VARIABLES: Readonly<Record<string, string>> = {
  [DEFAULT_HANDSHAKE.cookieKey]: DEFAULT_HANDSHAKE.cookieValue,
  PLUGIN_PROTOCOL_VERSIONS: '1',
};

/** A plugin process and all that is seen of it from outside. */
export interface BareProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Directory that it was given for its sockets. */
  readonly directory: string;
  readonly output: { stdout: string; stderr: string };
  /** How it ended, with all its output. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Its handshake line, once that is there. */
  line(): Promise<string>;
  /** Names of its sockets. */
  sockets(): string[];
  /** A connection to it, closed at the end of the test. It must be without TLS. */
  connect(): Promise<GrpcConnection>;
}

/** Starts the probe plugin with exactly these variables besides the socket directory. */
export function startBare(env: Readonly<Record<string, string>>, order: ProbeOptions = {}): BareProcess {
  const directory = mkdtempSync('/tmp/th-');
  const { command, args } = nodeCommand('probe-plugin', order);
  const child = spawn(command, args, {
    env: { NODE_V8_COVERAGE: undefined, ...childEnv({ PLUGIN_UNIX_SOCKET_DIR: directory, ...env }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => void (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => void (output.stderr += data.toString()));
  const ended: BareProcess['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true });
  });
  const line = async (): Promise<string> => {
    await waitFor('the handshake line', () => output.stdout.includes('\n') || child.exitCode !== null);
    return output.stdout.split('\n', 1)[0] ?? '';
  };
  return {
    child,
    pid: child.pid ?? 0,
    directory,
    output,
    ended,
    line,
    sockets: () => readdirSync(directory),
    async connect() {
      const [, , network, address = ''] = (await line()).split('|');
      const target =
        network === 'tcp' ? ({ network, address } as const) : ({ network: 'unix', path: address } as const);
      const connection = createGrpcConnection({ target, clock: createRealClock() });
      onTestFinished(() => connection.close());
      await connection.ready();
      return connection;
    },
  };
}
