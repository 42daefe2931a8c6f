import { Option } from 'commander';
import type { Command } from 'commander';
import { parsePath } from '../admin/admin-command.ts';
import { SCENES } from '../demo/stage.ts';
import type { SceneName } from '../demo/stage.ts';

interface DemoFlags {
  readonly json?: boolean;
  readonly keepJournal?: string;
  readonly outsideKill?: boolean;
  readonly only?: SceneName;
  readonly data?: string;
  readonly reset?: boolean;
}

const DETAILS = `
recovery: three plugins run as processes of their own and take calls all along:
  steady    never fails
  fragile   ends itself with exit code 3 after some jobs
  target    is killed with SIGKILL from outside
The two that die are restarted, and calls to them work again.

events: 10,000 events are published to five plugins:
  calm      over an acked stream
  cut       over an acked stream, which is cut in the middle
  killed    over an acked stream; its process is killed in the middle
  plain     over a plain stream, as it knows no acked one
  old       by single calls, as it knows nothing else
A sixth, talker, emits events of its own, and one that it may not emit.

lifecycle: two plugins are installed into a data directory, in a SQLite store:
  greeter   is updated and taken back while it is called
  brittle   ends itself until it is in quarantine, and is reset
A second host on the directory starts both again; so does the next demo.
The directory is that of --data, else ~/.local/share/troupe-demo.

The exit code is 0 when all came back, the journals of the plugins agree with
what was counted, and nothing is left behind.`;

/** Adds `troupe demo`. `finish` gets the exit code. */
export function addDemoCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('demo')
    .description('show plugins at work: a crash, a kill, two recoveries, 10,000 events, an update')
    .option('--json', 'print one JSON object at the end and nothing else')
    .option('--keep-journal <dir>', 'write what the plugins did into this directory, and keep it')
    .option('--outside-kill', 'let somebody else kill the third plugin, within 15 s')
    .addOption(new Option('--only <scene>', 'play one scene').choices(SCENES))
    .option('--data <dir>', 'keep the plugins of the third scene in this directory', parsePath)
    .option('--reset', 'clear that directory first')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe demo --help')
    .action(async (flags: DemoFlags) => {
      const { json = false, keepJournal, outsideKill = false, only, data, reset = false } = flags;
      const { runDemo } = await import('../demo/run-demo.ts');
      finish(await runDemo({ json, journals: keepJournal, outsideKill, only, data, reset }));
    });
}
