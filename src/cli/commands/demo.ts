import type { Command } from 'commander';

interface DemoFlags {
  readonly json?: boolean;
  readonly keepJournal?: string;
  readonly outsideKill?: boolean;
}

const DETAILS = `
Three plugins run as processes of their own and take calls all the time:
  steady    never fails
  fragile   ends itself with exit code 3 after some jobs
  target    is killed with SIGKILL from outside
The two that die are restarted, and calls to them work again. The exit code
is 0 when both came back and nothing is left behind.`;

/** Adds `troupe demo`. `finish` gets the exit code. */
export function addDemoCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('demo')
    .description('show three plugins at work: a crash, a kill, two recoveries')
    .option('--json', 'print one JSON object at the end and nothing else')
    .option('--keep-journal <dir>', 'write what the plugins did into this directory, and keep it')
    .option('--outside-kill', 'let somebody else kill the third plugin, within 15 s')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe demo --help')
    .action(async ({ json = false, keepJournal, outsideKill = false }: DemoFlags) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      finish(await runDemo({ json, journals: keepJournal, outsideKill }));
    });
}
