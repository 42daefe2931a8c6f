import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../tools/run.ts';
import { blocksOf, codeOf } from './readme-blocks.ts';
import { filesBelow, ROOT } from './source-files.ts';

const FOLDER = 'docs/guides';
const MIGRATION = 'migrating-from-go-plugin.md';
const guides = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith('.md'));

/** What the guides take from generated code, under the names that it would have there. */
const GENERATED = `export {
  AdderServiceService as AdderService,
  CounterServiceService as CounterService,
  KvServiceService as KVService,
} from '../../../test/gen/troupe/testing/v1/peer.ts';
`;

describe('the programs in docs/guides', () => {
  it.each(guides)('compile as they stand, or stand in an example: %s', async (guide) => {
    const strangers = blocksOf(read(guide)).flatMap(({ example, programs }) =>
      programs.filter((program) => !standsIn(example, program)),
    );

    expect(await compile(programsOf(guide))).toBe('');
    expect(strangers).toEqual([]);
  });

  it('are found out when they use an option that does not exist', async () => {
    const broken = "import { createHost } from 'troupe';\nawait createHost().launch({ command: 'x', cmd: 'x' });\n";

    expect(await compile([broken])).toContain("'cmd' does not exist");
  });
});

describe('the programs of the migration guide', () => {
  it('are a host and a plugin that keep a key', async () => {
    const { folder, start } = layOut(programsOf(MIGRATION));
    writePlugin(folder, 'kv-plugin', programWith('await servePlugin({', "throw new RuntimeError('NOT_FOUND'"));

    expect(await start(programWith("args: ['--cache=off']"))).toEqual({ code: 0, output: 'hello\n' });
  });

  it('are a plugin that calls its host back over the broker, and that host', async () => {
    const { folder, start } = layOut(programsOf(MIGRATION));
    writePlugin(folder, 'counter-plugin', programWith('broker.dial(callbackId)'));

    expect(await start(programWith("command: './counter-plugin'"))).toEqual({ code: 0, output: '1 visits\n' });
  });

  it('are a plugin in test mode and a host that reattaches to it', async () => {
    const { folder, start } = layOut(programsOf(MIGRATION));
    const args = ['--conditions=source', programWith('servePluginForTest({')];
    const plugin = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void plugin.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: plugin.stdout }), 'line')) as [string];
    const [, json = ''] = /^export KV_REATTACH='(.*)'$/.exec(line) ?? [];

    const outcome = await start(programWith('parseReattach('), { KV_REATTACH: json });
    const wasRunning = plugin.exitCode === null;
    plugin.kill('SIGINT');

    expect(outcome).toEqual({ code: 0, output: '' });
    expect(wasRunning).toBe(true);
    expect(await once(plugin, 'exit')).toEqual([0, null]);
  });
});

// Helpers

/** Programs, laid out as a project of their own. */
interface Workshop {
  readonly folder: string;
  /** Runs one to its end. */
  start(name: string, env?: Readonly<Record<string, string>>): ReturnType<typeof run>;
}

function read(guide: string): string {
  return readFileSync(join(ROOT, FOLDER, guide), 'utf8');
}

/** The programs of a guide that stand in no example. */
function programsOf(guide: string): readonly string[] {
  return blocksOf(read(guide)).flatMap(({ example, programs }) => (example === '' ? programs : []));
}

const nameOf = (index: number): string => `program-${index + 1}.ts`;

/** The one program of the migration guide that has all the texts, by the name of its file. */
function programWith(...texts: readonly string[]): string {
  const found = [...programsOf(MIGRATION).entries()].filter(([, program]) =>
    texts.every((text) => program.includes(text)),
  );
  expect(found).toHaveLength(1);
  return nameOf(found[0]?.[0] ?? -1);
}

/** Whether a file of the example has it, line by line. What belongs to no example is compiled instead. */
function standsIn(example: string, program: string): boolean {
  const files = example === '' ? [] : filesBelow(example).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  return example === '' || files.some((text) => codeOf(text).includes(codeOf(program)));
}

/** Writes programs, each a file of its own, in a folder within the package, so that they find it by its name. */
function layOut(programs: readonly string[]): Workshop {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.cache', 'guides-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'gen'));
  writeFileSync(join(folder, 'gen', 'kv.ts'), GENERATED);
  for (const [index, program] of programs.entries()) writeFileSync(join(folder, nameOf(index)), program);
  const start: Workshop['start'] = (name, env = {}) =>
    run(process.execPath, ['--conditions=source', name], { cwd: folder, env });
  return { folder, start };
}

/** An executable file that runs a program. */
function writePlugin(folder: string, name: string, program: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' --conditions=source '${join(folder, program)}' "$@"\n`);
  chmodSync(file, 0o755);
}

/** What the compiler says about programs under the rules of this project. */
async function compile(programs: readonly string[]): Promise<string> {
  const { folder } = layOut(programs);
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  const files = programs.map((_, index) => nameOf(index));
  const config = { extends: '../../tsconfig.json', compilerOptions, include: [], files };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { output } = await run('tsc', ['-p', folder, '--pretty', 'false']);
  return output;
}
