// Bugs of the audit, of permissions and of dependencies that tests must find. Plant one, run what kills it, see it fail,
// restore.

import type { Mutant } from './actors-and-machines.ts';

const AUDIT = 'src/host/audit/';
const AUDITOR_MODEL = 'property-tests/audit/auditor.model.prop.ts';
const TAMPERING = 'property-tests/audit/tampering.policy.prop.ts';
const AUDIT_RACE = 'property-tests/races/audit.race.prop.ts';
const GRAPH = 'property-tests/dependencies/dependency-graph.policy.prop.ts';

/** Bugs of what decides and of what is written down. */
export const POLICY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an entry can be moved, as its link does not know its number (C2)',
    file: `${AUDIT}chain.ts`,
    from: 'canonicalJson({ plugin, sequence, at,',
    to: 'canonicalJson({ plugin, at,',
    killedBy: 'test/host/audit/verify-audit.test.ts',
  },
  {
    name: 'links do not depend on each other (C1)',
    file: `${AUDIT}chain.ts`,
    from: "`${before ?? ''}\\n${text}`",
    to: '`${text}`',
    killedBy: TAMPERING,
  },
  {
    name: 'the end of a chain is not looked at',
    file: `${AUDIT}verify-audit.ts`,
    from: '    if (this.#last < last) {',
    to: '    if (this.#last < 0) {',
    killedBy: TAMPERING,
  },
  {
    name: 'a link that is missing is fine',
    file: `${AUDIT}verify-audit.ts`,
    from: "if (mac === undefined) this.#found('missingLink', sequence, `entry ${sequence} has no link`);",
    to: 'if (mac === undefined) this.#unsealed++;',
    killedBy: 'test/host/audit/verify-audit.test.ts',
  },
  {
    name: 'the cursor moves before the sink has taken the batch (F2)',
    file: `${AUDIT}sink-feed.ts`,
    from: '    if (batch.entries.length > 0) await this.#write(batch.entries, signal);\n',
    to: '    if (batch.entries.length > 0) void this.#write(batch.entries, signal).catch(() => {});\n',
    killedBy: AUDITOR_MODEL,
  },
  {
    name: 'denials of a commit whose answer was lost are forgotten (S3)',
    file: `${AUDIT}sealer.ts`,
    from: '    await checked(this.#commitOpen());\n    const take',
    to: '    this.#open = undefined;\n    const take',
    killedBy: AUDITOR_MODEL,
  },
  {
    name: 'a commit whose answer was lost is made again under another id (S3)',
    file: `${AUDIT}sealer.ts`,
    from: '      await this.#parts.store.commit(commit);\n',
    to: '      await this.#parts.store.commit({ ...commit, id: `${commit.id}-${++this.#written}` });\n',
    killedBy: AUDITOR_MODEL,
  },
  {
    name: 'a round that hangs is waited for for ever (S1)',
    file: `${AUDIT}sealer.ts`,
    from: '      this.#givenUp++;\n      this.#running = undefined;\n',
    to: '      this.#givenUp++;\n',
    killedBy: 'test/host/audit/auditor.test.ts',
  },
  {
    name: 'entries are removed that a sink has not taken (R1)',
    file: `${AUDIT}retention.ts`,
    from: 'head.sealed, parts.delivered(plugin) ?? 0)',
    to: 'head.sealed)',
    killedBy: 'test/host/audit/retention.test.ts',
  },
  {
    name: 'a removal is not written down (R2)',
    file: `${AUDIT}retention.ts`,
    from: "  const isSealed = await record({ event: AUDIT_EVENTS.pruned, plugin, principal, severity: 'info', data: { upTo } });\n",
    to: '  const isSealed = [record, AUDIT_EVENTS, principal].length > 0;\n',
    killedBy: 'test/host/audit/retention.test.ts',
  },
  {
    name: 'a stop leaves denials whose minute is not over (B4)',
    file: `${AUDIT}auditor.ts`,
    from: 'await this.#sealer.round(signal, true);',
    to: 'await this.#sealer.round(signal);',
    killedBy: 'test/host/audit/denials.test.ts',
  },
  {
    name: 'a stop says that it is caught up when it is not',
    file: `${AUDIT}auditor.ts`,
    from: 'while (feed !== undefined && !signal.aborted && (await feed.deliver(this.#sealer.heads, signal)));',
    to: 'if (feed !== undefined && !signal.aborted) await feed.deliver(this.#sealer.heads, signal);',
    killedBy: AUDIT_RACE,
  },
  {
    name: 'what was written during a step waits for the next poll (A3)',
    file: 'src/machines/audit-relay.machine.ts',
    from: "          { guard: 'hasHeard', target: 'sealing', actions: 'forgetFailures' },\n",
    to: '',
    killedBy: 'test/machines/audit-relay.machine.test.ts',
  },
  {
    name: 'a step that hangs is never given up (A2)',
    file: 'src/machines/audit-relay.machine.ts',
    from: "        src: 'deliverBatch',\n",
    to: "        src: 'finish' as 'deliverBatch',\n",
    killedBy: 'test/host/audit/auditor.test.ts',
  },
  {
    name: 'an optional dependency counts in cycles (D3)',
    file: 'src/policy/dependency-graph.ts',
    from: 'optional !== true || groupOf.get(from) !== groupOf.get(name)',
    to: 'optional !== true || groupOf.get(from) !== undefined || groupOf.get(name) !== undefined',
    killedBy: GRAPH,
  },
  {
    name: 'those that need others stop last (D6)',
    file: 'src/policy/dependency-graph.ts',
    from: '    .toReversed()\n',
    to: '',
    killedBy: GRAPH,
  },
  {
    name: 'a dependency that is not active will do (D1)',
    file: 'src/policy/dependency-graph.ts',
    from: 'if (isFitting && found.isActive) continue;',
    to: 'if (isFitting) continue;',
    killedBy: 'property-tests/dependencies/dependencies.model.prop.ts',
  },
  {
    name: 'an update leaves those behind that need it (G-15)',
    file: 'src/policy/dependency-graph.ts',
    from: 'dependency.optional !== true && !isInRange(version, dependency.version)',
    to: 'dependency.optional === true && !isInRange(version, dependency.version)',
    killedBy: 'property-tests/dependencies/dependencies.model.prop.ts',
  },
  {
    name: 'a closed pattern covers longer ones (P2)',
    file: 'src/policy/glob-cover.ts',
    from: '  if (outer.open && shortest <= outer.segments.length) return false;\n',
    to: '  if (outer.open && shortest < outer.segments.length) return false;\n',
    killedBy: 'property-tests/policy/permissions.policy.prop.ts',
  },
  {
    name: 'a directory covers what only begins with its name (P2)',
    file: 'src/policy/permissions.ts',
    from: "  const prefix = one === '/' ? '/' : `${one}/`;\n",
    to: '  const prefix = one;\n',
    killedBy: 'test/policy/permissions.test.ts',
  },
  {
    name: 'consent to one permission is consent to all (N1)',
    file: 'src/policy/consent.ts',
    from: "consent !== 'all' && !coversPermission(consent, one)",
    to: "consent !== 'all' && consent.length === 0",
    killedBy: 'property-tests/policy/permissions.policy.prop.ts',
  },
  {
    name: 'an audit that throws lets a denied plugin through (K3)',
    file: 'src/host/permissions/permission-checker.ts',
    from: '    tellDenial(this.#options, plugin, permission);\n',
    to: '    this.#options.denials?.({ plugin, permission });\n',
    killedBy: 'test/host/permissions/permissions.test.ts',
  },
  {
    name: 'a capability that nobody has registered is allowed (K2)',
    file: 'src/host/permissions/permission-checker.ts',
    from: "    if (kind === 'capability' && registry.get(target) === undefined) return false;\n",
    to: '    if (kind === target && registry.get(target) === undefined) return false;\n',
    killedBy: 'test/host/permissions/permissions.test.ts',
  },
];
