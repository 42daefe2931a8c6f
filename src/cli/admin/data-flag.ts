import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The data directory that a command means: the flag, else `TROUPE_DATA`, else a place in the user's home. */
export function dataDirectoryOf(flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const given = flag ?? env['TROUPE_DATA'];
  if (given !== undefined && given !== '') return resolve(given);
  // XDG's own rule: a relative path in the variable does not count.
  const share = env['XDG_DATA_HOME'];
  const base = share?.startsWith('/') === true ? share : join(env['HOME'] ?? homedir(), '.local', 'share');
  return join(base, 'troupe');
}
