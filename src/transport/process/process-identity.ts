// Which process a number means. A pid is given again once its process is gone, so a number from a file proves nothing.
//
// Invariants:
//   I1. Two looks mean the same process only when pid and start time agree.
//   I2. Nothing here sends a signal, not even signal 0.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { RuntimeError } from '../../errors/index.ts';

/** A process, told apart from earlier and later ones with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since the system booted. */
  readonly startTicks: string;
}

/**
 * The identity of a running process; undefined when there is none (a zombie is none).
 *
 * @throws UNSUPPORTED_PLATFORM off Linux
 */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  requireLinux();
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command's name stands in brackets and may hold anything, brackets and spaces too.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields ?? [];
  const startTicks = fields?.[19];
  return startTicks === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTicks };
}

/** Whether the process still runs. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.startTicks === identity.startTicks;
}

/**
 * Whether the process has a socket that listens on the address.
 *
 * @throws UNSUPPORTED_PLATFORM off Linux
 */
export async function listensOn(pid: number, network: 'unix' | 'tcp', address: string): Promise<boolean> {
  requireLinux();
  const inodes = network === 'unix' ? await unixListeners(address) : await tcpListeners(address);
  if (inodes.size === 0) return false;
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** `Num RefCount Protocol Flags Type St Inode Path`; bit 16 of the flags says that the socket listens. */
async function unixListeners(path: string): Promise<ReadonlySet<string>> {
  const inodes = new Set<string>();
  for (const line of await tableLines('/proc/net/unix')) {
    const [, , , flags = '0', , , inode = '', ...name] = line.trim().split(/\s+/);
    if (name.join(' ') === path && (Number.parseInt(flags, 16) & 0x1_0000) !== 0) inodes.add(inode);
  }
  return inodes;
}

const TCP_LISTEN = '0A';

/** `sl local_address rem_address st … uid timeout inode`; the address is in hexadecimal, bytes reversed. */
async function tcpListeners(address: string): Promise<ReadonlySet<string>> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(at + 1))
    .toString(16)
    .toUpperCase()
    .padStart(4, '0');
  const wanted = isIPv4(host) ? `${ipv4Hex(host)}:${port}` : undefined;
  const inodes = new Set<string>();
  for (const line of await tableLines(wanted === undefined ? '/proc/net/tcp6' : '/proc/net/tcp')) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const isWanted = wanted === undefined ? local.endsWith(`:${port}`) : local === wanted;
    if (isWanted && state === TCP_LISTEN) inodes.add(inode);
  }
  return inodes;
}

async function tableLines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').slice(1).filter(Boolean);
}

function ipv4Hex(host: string): string {
  const bytes = host.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.reverse().join('');
}

function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new RuntimeError(
    'UNSUPPORTED_PLATFORM',
    `processes can be told apart on Linux only, this is ${process.platform}`,
  );
}
