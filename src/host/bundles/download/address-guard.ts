// Which addresses are public: those that a download may lead to whatever the other side says.

import { BlockList, isIP } from 'node:net';

/** Ranges that are not of the public Internet (RFC 6890 and those that came later). */
const NOT_PUBLIC: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['64:ff9b:1::', 48],
];

/** Ranges of IPv6 that carry an address of IPv4, and in which group of 16 bits it begins. */
const CARRIERS: readonly (readonly [network: string, prefix: number, group: number])[] = [
  ['::', 96, 6],
  ['::ffff:0:0', 96, 6],
  ['::ffff:0:0:0', 96, 6],
  ['64:ff9b::', 96, 6],
  ['2002::', 16, 1],
];

/** Whether an address belongs to the public Internet. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return !blocked().check(address, 'ipv4');
  // Whatever carries an address of IPv4 leads there.
  for (const [network, prefix, group] of CARRIERS) {
    if (isWithin(address, network, prefix)) return isPublicAddress(carried(address, group));
  }
  return !blocked().check(address, 'ipv6');
}

let list: BlockList | undefined;

function blocked(): BlockList {
  if (list !== undefined) return list;
  list = new BlockList();
  for (const [network, prefix] of NOT_PUBLIC) list.addSubnet(network, prefix, isIP(network) === 4 ? 'ipv4' : 'ipv6');
  return list;
}

function isWithin(address: string, network: string, prefix: number): boolean {
  const range = new BlockList();
  range.addSubnet(network, prefix, 'ipv6');
  return range.check(address, 'ipv6');
}

function carried(address: string, group: number): string {
  const groups = groupsOf(address);
  const [high = 0, low = 0] = [groups[group], groups[group + 1]];
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The 8 groups of 16 bits. */
function groupsOf(address: string): readonly number[] {
  // A URL writes it in one way only, without an IPv4 address at its end.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const parts = (half: string): number[] =>
    half
      .split(':')
      .filter(Boolean)
      .map((each) => Number.parseInt(each, 16));
  const front = parts(head);
  const back = parts(tail ?? '');
  const zeros = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return tail === undefined ? front : [...front, ...zeros, ...back];
}
