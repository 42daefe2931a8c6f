import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '../source-files.ts';
import { runTroupe, temporaryDirectory } from './support.ts';

const OLD_NODE = olderNode();

describe('troupe', () => {
  it('prints the version of the package', async () => {
    expect(await runTroupe(['--version'])).toMatchObject({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it.each([[[]], [['--help']], [['help']]])('prints its help for %j and ends with 0', async (args) => {
    const { code, stdout, stderr } = await runTroupe(args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: troupe /);
    expect(stdout).toContain('demo');
    expect(stdout).toContain('run [file]');
  });

  it.each([
    [['demmo'], "unknown command 'demmo' (did you mean demo?)", 'troupe --help'],
    [['--jsn'], "unknown option '--jsn'", 'troupe --help'],
    [['demo', '--jsn'], "unknown option '--jsn' (did you mean --json?)", 'troupe demo --help'],
    [['demo', 'now'], "too many arguments for 'demo'", 'troupe demo --help'],
    [['demo', '--keep-journal'], "option '--keep-journal <dir>' argument missing", 'troupe demo --help'],
    [['run'], "missing required argument 'file'", 'troupe run --help'],
    [['run', 'a', 'b'], "too many arguments for 'run'", 'troupe run --help'],
    [['run', '--chek', 'a'], "unknown option '--chek' (did you mean --check?)", 'troupe run --help'],
  ])('ends with 2 and a hint for %j', async (args, problem, hint) => {
    const { code, stdout, stderr } = await runTroupe(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [first, second, ...rest] = stderr.split('\n');
    expect(first).toContain(`error [INVALID_OPTIONS]: ${problem}`);
    expect(second).toBe(`try: ${hint}`);
    expect(rest).toEqual(['']);
  });

  it('prints an error as 1 line without a stack', async () => {
    const { code, stdout, stderr } = await runTroupe(['run', '/does/not/exist.yaml']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('error [CONFIG_NOT_FOUND]: /does/not/exist.yaml does not exist\n');
  });

  it('adds the stack and its causes with TROUPE_DEBUG=1', async () => {
    const { stderr } = await runTroupe(['run', '/does/not/exist.yaml'], { env: { TROUPE_DEBUG: '1' } });

    expect(stderr).toMatch(/^error \[CONFIG_NOT_FOUND\].*\n(.*\n)* +at .*\n(.*\n)*caused by Error: ENOENT/);
  });
});

describe('the version guard', () => {
  const sentence = (version: string): string =>
    `error [UNSUPPORTED_RUNTIME]: troupe needs Node.js 22.22.0 or newer, this is ${version}\n`;

  it('refuses Node.js 22.21.9 with 1 sentence and exit code 1', async () => {
    expect(await runWithVersion('22.21.9')).toMatchObject({ code: 1, stdout: '', stderr: sentence('22.21.9') });
  });

  it('accepts Node.js 22.22.0', async () => {
    expect(await runWithVersion('22.22.0')).toMatchObject({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it.skipIf(OLD_NODE === undefined)('says the same on an older Node.js, if the machine has one', async () => {
    const main = writeGuardAsJavaScript();

    const { code, stdout, stderr } = await runFile(OLD_NODE?.path ?? '', [main, 'demo']);

    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: sentence(OLD_NODE?.version ?? '') });
  });
});

// Helpers

/** Runs the command line in a Node.js that gives another version than its own. */
function runWithVersion(version: string): ReturnType<typeof runTroupe> {
  const fake = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return runTroupe(['--version'], { execArgv: [`--import=data:text/javascript,${encodeURIComponent(fake)}`] });
}

/** What is loaded before the guard has spoken, without types, as the build makes it. */
function writeGuardAsJavaScript(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  for (const folder of ['cli', 'errors', 'ports', 'policy']) {
    for (const name of readdirSync(join(ROOT, 'src', folder)).filter((entry) => entry.endsWith('.ts'))) {
      const text = stripTypeScriptTypes(readFileSync(join(ROOT, 'src', folder, name), 'utf8'));
      const target = join(directory, folder, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text.replace(/(from '|import\(')(\.[^']*)\.ts'/g, "$1$2.js'"));
    }
  }
  return join(directory, 'cli', 'main.js');
}

function runFile(
  file: string,
  args: readonly string[],
): Promise<Omit<Awaited<ReturnType<typeof runTroupe>>, 'signal'>> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A Node.js of the system from 16 up to what the package refuses. */
function olderNode(): { readonly path: string; readonly version: string } | undefined {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    try {
      const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major >= 16 && (major < 22 || (major === 22 && minor < 22))) return { path, version };
    } catch {
      // Not there.
    }
  }
  return undefined;
}
