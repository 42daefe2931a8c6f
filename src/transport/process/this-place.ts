import { readFile, readlink } from 'node:fs/promises';

/** What a pid means something in: a boot of the system, and a namespace of pids. `0` for what is not known. */
export interface ProcessPlace {
  readonly boot: string;
  readonly namespace: string;
}

const UNKNOWN = '0';

/** The place of this process. Never rejects. */
export async function thisPlace(): Promise<ProcessPlace> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => UNKNOWN);
  const namespace = await readlink('/proc/self/ns/pid').catch(() => UNKNOWN);
  return { boot: boot.replace(/[^0-9a-f]/g, '').slice(0, 32), namespace: namespace.replace(/\D/g, '') };
}
