// A PostgreSQL of its own for tests: in a temporary directory, on a unix socket there, gone with the test process.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, POSTGRES_PROGRAMS } from '../availability.ts';

/** A running server. Whoever starts it stops it. */
export interface PostgresCluster {
  /** For `pg`: the user may do everything. */
  readonly connectionString: string;
  /** Process id of the server. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface ClusterOptions {
  /** Whether it writes to the disk before it answers. Default false: tests never cut the power. */
  readonly fsync?: boolean;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const START_LIMIT_MS = 60_000;
const run = promisify(execFile);

/** Makes a cluster and starts its server. Takes some seconds. */
export async function startPostgres(options: ClusterOptions = {}): Promise<PostgresCluster> {
  const account = await accountOf();
  const directory = mkdtempSync(join(tmpdir(), 'troupe-pg-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
    const data = join(directory, 'data');
    const made = ['-D', data, '-U', 'troupe', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    await run(join(POSTGRES_PROGRAMS, 'initdb'), made, { cwd: directory, ...account });
    const server = startServer(directory, data, account, options);
    await isReady(server);
    return {
      connectionString: `postgres://troupe@localhost/postgres?host=${encodeURIComponent(directory)}`,
      pid: server.pid ?? 0,
      stop: async () => {
        await stopServer(server);
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The server refuses to be root; Debian's package brings a user for it. */
async function accountOf(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

function startServer(
  directory: string,
  data: string,
  account: Account | undefined,
  { fsync = false }: ClusterOptions,
): ChildProcess {
  const settings = { listen_addresses: '', unix_socket_directories: directory, fsync: fsync ? 'on' : 'off' };
  const set = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [join(POSTGRES_PROGRAMS, 'postgres'), '-D', data, ...set];
  const setpriv = findProgram('setpriv', process.env['PATH']);
  // A test process that is killed cannot stop it.
  const guarded = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'INT', ...asAccount(account)];
  const [program = '', ...args] = [...guarded, ...command];
  return spawn(program, args, {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(setpriv === undefined ? account : {}),
  });
}

/** Switched by the same program: the wish would be forgotten when somebody else did it first. */
function asAccount(account: Account | undefined): string[] {
  if (account === undefined) return [];
  return ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
}

/** Waits for the line that says so. */
async function isReady(server: ChildProcess): Promise<void> {
  let said = '';
  const { stderr } = server;
  if (stderr === null) throw new Error('the server has no standard error');
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server is not ready:\n${said}`)), START_LIMIT_MS);
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      stderr.off('data', read);
      server.off('exit', gone);
      end();
    };
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('ready to accept connections')) settle(resolve);
    };
    const gone = (): void => settle(() => reject(new Error(`the server has ended:\n${said}`)));
    stderr.on('data', read);
    server.on('exit', gone);
  });
  // What it logs from now on is nobody's business, but must be read.
  stderr.resume();
}

/** Ends it at once, open connections included. */
async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await ended;
}
