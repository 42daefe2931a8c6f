import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

interface ConsentFlags extends AdminFlags {
  readonly yes?: boolean;
}

/** Adds `troupe plugin consent`. `finish` gets the exit code of somebody who thinks better of it. */
export function addPluginConsentCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = adminCommand(program, 'consent', 'consent to sensitive permissions that a version waits for')
    .argument('<plugin>', 'its name', parsePluginName)
    .argument('[permissions...]', 'the permissions (default: shows what it waits for, and asks)')
    .option('-y, --yes', 'do not ask');
  command.action(async (name: string, permissions: readonly string[], flags: ConsentFlags) => {
    const { showOperation } = await import('../admin/show-operation.ts');
    const wanted = permissions.length > 0 ? { permissions, digest: '' } : await shownConsent(name, flags, command);
    if (wanted === undefined) {
      process.stderr.write('nothing was consented to\n');
      return finish(1);
    }
    const request = { name, permissions: [...wanted.permissions], digest: wanted.digest };
    await showOperation(flags, ({ service, asUser }) => service.consentPlugin(request, asUser));
  });
}

/** What waits now, once somebody has seen it; the host refuses when it is something else by then. */
async function shownConsent(
  name: string,
  { data, yes = false }: ConsentFlags,
  command: Command,
): Promise<{ readonly permissions: readonly string[]; readonly digest: string } | undefined> {
  const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
  const { confirmed } = await import('../admin/confirm.ts');
  const { consentQuestion } = await import('../admin/plugin-view.ts');
  const { RuntimeError } = await import('../../errors/index.ts');
  const { plugin } = answerOf(await withAdmin(data, ({ service }) => service.getPlugin({ name })));
  const waiting = plugin && consentQuestion(plugin);
  if (waiting === undefined) throw new RuntimeError('CONSENT_UNKNOWN', `plugin "${name}" waits for no consent`);
  if (yes) process.stderr.write(`consents to ${waiting.text}\n`);
  const agreed = yes || (await confirmed(`consent to ${waiting.text}?`));
  if (agreed === undefined)
    command.error('error: consent asks before it grants; name the permissions, or say --yes where nobody can answer');
  return agreed ? waiting : undefined;
}
