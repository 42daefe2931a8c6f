// The commands that talk to a running host, in the order in which the help shows them.

import type { Command } from 'commander';
import { addPluginActivateCommand } from './plugin-activate.ts';
import { addPluginAuditCommand } from './plugin-audit.ts';
import { addPluginConsentCommand } from './plugin-consent.ts';
import { addPluginContractsCommand } from './plugin-contracts.ts';
import { addPluginDeactivateCommand } from './plugin-deactivate.ts';
import { addPluginDoctorCommand } from './plugin-doctor.ts';
import { pluginGroup } from './plugin-group.ts';
import { addPluginInstallCommand } from './plugin-install.ts';
import { addPluginLogLevelCommand } from './plugin-log-level.ts';
import { addPluginLogsCommand } from './plugin-logs.ts';
import { addPluginLsCommand } from './plugin-ls.ts';
import { addPluginQuarantineCommand } from './plugin-quarantine.ts';
import { addPluginReloadCommand } from './plugin-reload.ts';
import { addPluginResetCommand } from './plugin-reset.ts';
import { addPluginRollbackCommand } from './plugin-rollback.ts';
import { addPluginShowCommand } from './plugin-show.ts';
import { addPluginUninstallCommand } from './plugin-uninstall.ts';
import { addPluginUpdateCommand } from './plugin-update.ts';

/** Adds them all. `finish` gets the exit code of those that end with one of their own. */
export function addPluginAdminCommands(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program).commandsGroup('To manage a running host:');
  addPluginLsCommand(program);
  addPluginShowCommand(program);
  addPluginInstallCommand(program);
  addPluginActivateCommand(program);
  addPluginDeactivateCommand(program);
  addPluginUpdateCommand(program);
  addPluginRollbackCommand(program);
  addPluginConsentCommand(program, finish);
  addPluginResetCommand(program);
  addPluginQuarantineCommand(program);
  addPluginUninstallCommand(program, finish);
  addPluginLogsCommand(program, finish);
  addPluginLogLevelCommand(program);
  addPluginAuditCommand(program, finish);
  addPluginContractsCommand(program);
  addPluginReloadCommand(program);
  addPluginDoctorCommand(program, finish);
}
