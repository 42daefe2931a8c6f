import { fileURLToPath } from 'node:url';
import type { SelfCommand } from './project/toolchains.ts';

/** Options of Node.js that are for this process alone. */
const NOT_PASSED_ON = /^--(?:inspect|test|watch|input-type|eval|print)/;

/** How this very command line is started again, with the conditions by which its own packages resolve. */
export function selfCommand(): SelfCommand {
  // `main` is beside the folder of this file, both in the sources and in what is built from them.
  const isSource = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(isSource ? '../main.ts' : '../main.js', import.meta.url));
  return { command: process.execPath, args: [...process.execArgv.filter((arg) => !NOT_PASSED_ON.test(arg)), main] };
}
