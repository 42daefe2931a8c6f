// Puts together what `troupe plugin dev` works with on this machine.

import { stdin, stdout } from 'node:process';
import { createRealEnvironment } from '../../ports/index.ts';
import { listenForStop } from '../stop-signals.ts';
import { styleFor } from '../style.ts';
import { askConsent } from './ask-consent.ts';
import { createProcessRunner } from './process-runner.ts';
import type { Language } from './project/toolchains.ts';
import { runDev } from './run-dev.ts';
import { selfCommand } from './self-command.ts';
import { findHost, USUAL_HOST } from './upload/find-host.ts';
import { createHostClient } from './upload/host-client.ts';

/** What the command line said. */
export interface StartDevOptions {
  readonly directory: string;
  /** As `parseHost` gives it. Default: the host that runs on the data directory, else `USUAL_HOST`. */
  readonly host?: string | undefined;
  readonly watch: boolean;
  readonly buildOnly?: boolean;
  readonly lang: Language | 'auto';
  readonly logs?: boolean;
  readonly yes?: boolean;
  readonly token?: string;
  readonly data?: string;
}

/** Runs the development loop. Settles with the exit code; a signal ends it with 0. */
export async function startDev(options: StartDevOptions): Promise<number> {
  const { directory, watch, buildOnly = false, lang, logs = false, yes = false } = options;
  const environment = createRealEnvironment();
  const stop = listenForStop();
  try {
    const { host, token, data } = options;
    const address = buildOnly
      ? { base: USUAL_HOST, token: undefined }
      : await findHost({ host, token, data }, environment.clock);
    const canAsk = stdin.isTTY === true && stdout.isTTY === true;
    return await runDev(
      { directory, watch: watch && !buildOnly, buildOnly, lang, logs, yes },
      {
        environment,
        stop,
        canAsk,
        runner: createProcessRunner(environment.clock),
        client: createHostClient(address),
        self: selfCommand(),
        askConsent: (permissions, signal) => {
          // Without a terminal only an edit, or --yes, can help; without watching no edit comes.
          if (!canAsk && !watch) return Promise.resolve(false);
          return askConsent(permissions, { input: stdin, output: stdout }, signal);
        },
        paint: styleFor(stdout),
        print: ({ out = '', error = '' }) => {
          if (out !== '') stdout.write(out);
          if (error !== '') process.stderr.write(error);
        },
      },
    );
  } finally {
    stop.release();
  }
}
