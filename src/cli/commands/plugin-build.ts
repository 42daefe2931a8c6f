import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { MagicCookie } from '../../transport/index.ts';
import type { PluginBuild } from '../build/build-plugin.ts';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

interface BuildFlags {
  readonly out?: string;
  readonly json?: boolean;
  readonly external: readonly string[];
  readonly sourceMap?: boolean;
  readonly handshake?: MagicCookie;
  readonly config?: unknown;
  readonly start: boolean;
}

const DETAILS = `
The output holds
  main.cjs      start this one: node build/kv/main.cjs
  plugin.cjs    the plugin and everything that it imports
  cache/        its compiled code, which makes a start twice as quick; for this
                version of Node.js
  build.json    all files with their SHA-256, and the checksum of the whole to
                pin a launch by
The plugin is started once, as a host would, to see that it works and to fill
the cache. Without --no-start a build has a cache or fails.

The build needs esbuild: npm install --save-dev esbuild`;

/** Adds `troupe plugin build`. `finish` gets the exit code. */
export function addPluginBuildCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('build')
    .description('make one quickly starting file of a plugin in TypeScript or JavaScript')
    .argument('<entry>', 'the file that calls servePlugin')
    .option('--out <dir>', 'where the output goes (default: build/ and the name of the entry)')
    .option('--external <package>', 'leave a package out, to be loaded at run time; repeatable', collect, [])
    .option('--source-map', 'write a source map, for node --enable-source-maps')
    .option('--handshake <key=value>', 'the magic cookie that the plugin expects', parseCookie)
    .option('--config <json>', 'the configuration that the plugin gets when it is tried', parseJson)
    .option('--no-start', 'do not try the plugin; there is no cache then')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin build --help')
    .action(async (entry: string, { json = false, ...flags }: BuildFlags) => {
      const { buildPlugin } = await import('../build/build-plugin.ts');
      const { exitCodeOf, listenForStop } = await import('../stop-signals.ts');
      const { oneLine } = await import('../printable.ts');
      const stop = listenForStop();
      try {
        const built = await buildPlugin({ entry, ...flags, conditions: ownConditions(), signal: stop.requested });
        for (const warning of built.warnings) process.stderr.write(`warning: ${oneLine(warning)}\n`);
        process.stdout.write(json ? jsonLine(jsonOf(built)) : textOf(built));
      } catch (error) {
        if (stop.received === undefined) throw error;
        finish(exitCodeOf(stop.received));
      } finally {
        stop.release();
      }
    });
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function parseCookie(text: string): MagicCookie {
  const [, cookieKey, cookieValue] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (cookieKey === undefined || cookieValue === undefined) throw new InvalidArgumentError('it must be KEY=VALUE');
  return { cookieKey, cookieValue };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError('it must be JSON');
  }
}

/** Packages resolve as they do for this process: `node --conditions=source` bundles sources. */
function ownConditions(args: readonly string[] = process.execArgv): readonly string[] {
  return args.flatMap((arg, index) => {
    const named = /^(?:--conditions|-C)=(.+)$/.exec(arg)?.[1];
    if (named !== undefined) return [named];
    const next = args[index + 1];
    return (arg === '--conditions' || arg === '-C') && next !== undefined ? [next] : [];
  });
}

function jsonOf({ directory, record, hasCache, warnings }: PluginBuild): unknown {
  return { directory, ...record, cache: hasCache, warnings };
}

function textOf({ directory, record, hasCache }: PluginBuild): string {
  const bytes = record.files.reduce((sum, each) => sum + each.bytes, 0);
  const cache = hasCache ? `for Node.js ${record.node}` : 'none: the plugin was not started';
  return [
    `built ${directory}: ${record.files.length} files, ${(bytes / 1024).toFixed(0)} KiB`,
    `  start   node ${directory}/${record.entry}`,
    `  cache   ${cache}`,
    `  sha256  ${record.sha256}`,
    '',
  ].join('\n');
}
