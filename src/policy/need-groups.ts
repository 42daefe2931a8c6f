// Orders names by what they need. Names that need each other cannot be ordered and stay together as a group.
//
// Works without recursion, in O((n + e) log n), so that a long chain is no deep stack.

/** What each name needs. All that is needed is a key itself. */
export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The names in groups: each group stands behind everything that it needs, and groups that could change places go by
 * their first names. Names are sorted within a group; one that is in no cycle is a group of its own.
 */
export function needGroups(needs: Needs): readonly (readonly string[])[] {
  const groups = componentsOf(needs);
  const leaderOf = new Map(groups.flatMap((group) => group.map((name) => [name, group[0] ?? name] as const)));
  const groupOf = new Map(groups.map((group) => [group[0] ?? '', group]));
  const waitsFor = new Map(groups.map((group) => [group[0] ?? '', 0]));
  const neededBy = new Map<string, Set<string>>();
  for (const [name, others] of needs) {
    for (const other of others) addEdge(leaderOf.get(name) ?? name, leaderOf.get(other) ?? other);
  }
  function addEdge(from: string, to: string): void {
    const users = neededBy.get(to) ?? new Set();
    if (from === to || users.has(from)) return;
    neededBy.set(to, users.add(from));
    waitsFor.set(from, (waitsFor.get(from) ?? 0) + 1);
  }
  const ready = [...waitsFor.keys()].filter((leader) => waitsFor.get(leader) === 0).sort();
  const order: (readonly string[])[] = [];
  for (let leader = ready.shift(); leader !== undefined; leader = ready.shift()) {
    order.push(groupOf.get(leader) ?? []);
    for (const user of neededBy.get(leader) ?? []) {
      const left = (waitsFor.get(user) ?? 0) - 1;
      waitsFor.set(user, left);
      if (left === 0) insertSorted(ready, user);
    }
  }
  return order;
}

/** Whether the names of a group need each other, or its only one needs itself. */
export function isCycle(group: readonly string[], needs: Needs): boolean {
  const [first = ''] = group;
  return group.length > 1 || needs.get(first)?.has(first) === true;
}

/** The shortest way from the first name of a cyclic group back to it: each name needs the next one. */
export function cyclePath(group: readonly string[], needs: Needs): readonly string[] {
  const [start = ''] = group;
  const members = new Set(group);
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (const name of waiting) {
    const next = [...(needs.get(name) ?? [])].filter((other) => members.has(other)).sort();
    for (const other of next) {
      if (other === start) return [...pathTo(name, start, cameFrom), start];
      if (cameFrom.has(other)) continue;
      cameFrom.set(other, name);
      waiting.push(other);
    }
  }
  return [start];
}

function pathTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [end];
  for (let name = end; name !== start; ) {
    name = cameFrom.get(name) ?? start;
    path.push(name);
  }
  return path.reverse();
}

/** A name whose needs are being looked at. */
interface Visit {
  readonly name: string;
  readonly rest: Iterator<string>;
  readonly index: number;
  /** The earliest visit that can be reached from here. */
  low: number;
}

/** Tarjan's components, with a stack of our own. */
function componentsOf(needs: Needs): readonly (readonly string[])[] {
  const indexOf = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const visits: Visit[] = [];
  const enter = (name: string): void => {
    const index = indexOf.size;
    indexOf.set(name, index);
    open.push(name);
    isOpen.add(name);
    visits.push({ name, rest: (needs.get(name) ?? new Set<string>()).values(), index, low: index });
  };
  const leave = (visit: Visit): void => {
    const parent = visits.at(-1);
    if (parent !== undefined) parent.low = Math.min(parent.low, visit.low);
    if (visit.low !== visit.index) return;
    const group = open.splice(open.lastIndexOf(visit.name));
    for (const name of group) isOpen.delete(name);
    found.push(group.sort());
  };
  for (const root of needs.keys()) {
    if (indexOf.has(root)) continue;
    enter(root);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const next = visit.rest.next();
      if (next.done === true) leave(visits.pop() ?? visit);
      else if (!indexOf.has(next.value)) enter(next.value);
      else if (isOpen.has(next.value)) visit.low = Math.min(visit.low, indexOf.get(next.value) ?? visit.low);
    }
  }
  return found;
}

function insertSorted(list: string[], name: string): void {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, name);
}
