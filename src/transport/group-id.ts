import { readFileSync } from 'node:fs';
import { InvalidOptionsError } from '../errors/index.ts';

// The number above it means "leave the group as it is" to the operating system.
const MAX_GROUP_ID = 2 ** 32 - 2;

/**
 * The number of a group, given by its number or by its name. Throws `InvalidOptionsError` for an unknown name and a
 * number that no group can have.
 */
export function groupId(group: string, field = 'group'): number {
  if (/^\d+$/.test(group)) {
    if (Number(group) <= MAX_GROUP_ID) return Number(group);
    throw new InvalidOptionsError(field, `is above the largest number of a group, ${MAX_GROUP_ID}`);
  }
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (line === undefined || Number.isNaN(id)) {
    throw new InvalidOptionsError(field, `names "${group}", which this system does not know`);
  }
  return id;
}
