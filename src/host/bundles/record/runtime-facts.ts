// What the files of a bundle need of Node.js and of the machine.

import satisfies from 'semver/functions/satisfies.js';
import { OLDEST_NODE } from '../../../ports/index.ts';
import { bundleError } from '../bundle-error.ts';
import type { RuntimeFacts } from './bundle-record.ts';

/** Of an ELF file: what its field `e_machine` stands for. */
const ELF_MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};
/** Of a Mach-O file of 64 bits: its field `cputype`. */
const MACH_MACHINES: Readonly<Record<number, string>> = { 0x0100_0007: 'x64', 0x0100_000c: 'arm64' };
const MACH_MAGIC = 0xfeed_facf;
const ELF_MAGIC = 0x7f45_4c46;
const MACHINE_AT = 18;

/** How many bytes of a file tell what it runs on. */
export const HEAD_BYTES = 20;

/** What a native program or addon runs on, such as `linux-x64`; undefined for what is none, or not known. */
export function platformOf(head: Uint8Array): string | undefined {
  if (head.length < HEAD_BYTES) return undefined;
  const view = Buffer.from(head.buffer, head.byteOffset, HEAD_BYTES);
  if (view.readUInt32BE(0) === ELF_MAGIC) {
    // The fifth byte has the width, the sixth the order of bytes.
    const machine = ELF_MACHINES[view[5] === 2 ? view.readUInt16BE(MACHINE_AT) : view.readUInt16LE(MACHINE_AT)];
    return machine === undefined ? undefined : `linux-${machine}`;
  }
  if (view.readUInt32LE(0) !== MACH_MAGIC) return undefined;
  const machine = MACH_MACHINES[view.readUInt32LE(4)];
  return machine === undefined ? undefined : `darwin-${machine}`;
}

/** The facts for files: by the platforms of those that are native, and whether addons of Node.js are among them. */
export function runtimeFacts(platforms: Iterable<string>, hasAddons: boolean): RuntimeFacts {
  return {
    node: `>=${OLDEST_NODE}`,
    platforms: [...new Set(platforms)].sort(),
    // Only addons that do without Node-API need the very same; nobody can tell which do.
    ...(hasAddons ? { modules: process.versions.modules } : {}),
  };
}

/**
 * What is to be said about a bundle on this machine, one line each.
 *
 * @throws BUNDLE_RUNTIME_UNSUPPORTED when it needs another Node.js
 */
export function checkRuntime(label: string, { node, platforms, modules }: RuntimeFacts): readonly string[] {
  const { version, platform, arch, versions } = process;
  if (!satisfies(version, node, { includePrerelease: true })) {
    throw bundleError('BUNDLE_RUNTIME_UNSUPPORTED', label, `needs Node.js ${node}, and this is ${version}`);
  }
  const warnings: string[] = [];
  const here = `${platform}-${arch}`;
  if (platforms.length > 0 && !platforms.includes(here)) {
    warnings.push(`it holds programs for ${platforms.join(', ')}, and this is ${here}`);
  }
  if (modules !== undefined && modules !== versions.modules) {
    warnings.push(`its addons were packed with Node.js modules ${modules}, and this has ${versions.modules}`);
  }
  return warnings;
}
