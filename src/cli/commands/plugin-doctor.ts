import type { Command } from 'commander';
import { adminCommand } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin doctor`. `finish` gets the exit code. */
export function addPluginDoctorCommand(program: Command, finish: (exitCode: number) => void): void {
  adminCommand(
    program,
    'doctor',
    'check this machine, the data directory and the host; works without a host, too',
  ).action(async ({ data, json = false }: AdminFlags) => {
    const { diagnose } = await import('../admin/doctor/diagnose.ts');
    const { checksText } = await import('../admin/doctor/checks-text.ts');
    const checks = await diagnose(data);
    process.stdout.write(json ? jsonLine({ checks }) : checksText(checks));
    finish(checks.some(({ status }) => status === 'failed') ? 1 : 0);
  });
}
