import type { Command } from 'commander';
import { adminCommand, parsePluginName, parseWhole, withAdminFlags } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

interface AuditFlags extends AdminFlags {
  readonly after: number;
  readonly limit: number;
}

const MOST_ENTRIES = 1000;

/** Adds `troupe plugin audit`, `troupe plugin audit verify` and `troupe audit verify`. `finish` gets the exit code. */
export function addPluginAuditCommand(program: Command, finish: (exitCode: number) => void): void {
  const audit = adminCommand(program, 'audit', 'show what happened to a plugin and who wanted it')
    .argument('<plugin>', 'its name; it need not be installed any more', parsePluginName)
    .option('--after <number>', 'only entries after this number', parseWhole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('--limit <count>', 'at most so many entries', parseWhole(1, MOST_ENTRIES), 100)
    .action(async (plugin: string, { data, json = false, after, limit }: AuditFlags) => {
      const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
      const { auditJson, auditTable } = await import('../admin/audit-view.ts');
      const request = { plugin, after: BigInt(after), limit };
      const { entries } = answerOf(await withAdmin(data, ({ service }) => service.listAudit(request)));
      if (json) process.stdout.write(jsonLine({ entries: entries.map(auditJson) }));
      else if (entries.length === 0) process.stdout.write(`nothing is known about plugin "${plugin}"\n`);
      else process.stdout.write(auditTable(entries));
    });
  addVerify(audit, 'plugin audit verify', finish);
  const group = program.command('audit').description('check the audit of a host');
  addVerify(group.showHelpAfterError('try: troupe audit --help'), 'audit verify', finish);
}

function addVerify(group: Command, path: string, finish: (exitCode: number) => void): void {
  withAdminFlags(group.command('verify'), path)
    .description('check that no entry was changed, removed or added behind the back of the host')
    .argument('[plugin]', 'only this one (default: all that ever were)', parsePluginName)
    .action(async (plugin: string | undefined, _: AdminFlags, command: Command) => {
      const { data, json = false } = command.optsWithGlobals<AdminFlags>();
      const { verifiedChains } = await import('../admin/verify-audit.ts');
      const { chainsJson, chainsText } = await import('../admin/audit-view.ts');
      const chains = await verifiedChains(data, plugin);
      process.stdout.write(json ? jsonLine(chainsJson(chains)) : chainsText(chains));
      finish(chains.every(({ problem }) => problem === '') ? 0 : 1);
    });
}
