import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cacheName } from '../../src/cli/build/entry-file.ts';
import { buildPlugin } from '../../src/cli/build/build-plugin.ts';
import type { PluginBuild } from '../../src/cli/build/build-plugin.ts';
import { createHost } from '../../src/host/index.ts';
import type { Host } from '../../src/host/index.ts';
import { hashTree, parseBuildRecord } from '../../src/transport/process/index.ts';
import { launchPeer, PEER_COOKIE } from '../interop/launch.ts';
import type { PeerOptions, PeerPlugin } from '../interop/launch.ts';
import { goPeers } from '../peers/go.ts';
import type { GoPeers } from '../peers/go.ts';
import { runGoHost } from '../peers/go/run-host.ts';
import { describeWithPeer } from '../peers/peers.ts';
import { ROOT } from '../source-files.ts';
import { runTroupe, startTroupe, temporaryDirectory } from './support.ts';

// A plugin in TypeScript with the contract of the peers: several modules, and `await` at the top level.
const PEER = join(ROOT, 'test/interop/fixtures/ts-plugin.ts');
const TINY = join(ROOT, 'test/cli/fixtures/tiny-plugin.ts');
const BUILD_LIMIT_MS = 300_000;

let home: string;
let peer: PluginBuild;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'built-'));
  peer = await buildPlugin({
    entry: PEER,
    out: join(home, 'peer'),
    conditions: ['source'],
    handshake: PEER_COOKIE,
  });
  return () => rmSync(home, { recursive: true });
});

describe('a built plugin', () => {
  it('is described by build.json, file by file', async () => {
    const record = parseBuildRecord(readFileSync(join(peer.directory, 'build.json'), 'utf8'));

    expect(record).toEqual(peer.record);
    expect(peer.record).toMatchObject({ format: 1, entry: 'main.cjs', node: process.versions.node });
    const paths = readdirSync(peer.directory, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => relative(peer.directory, join(each.parentPath, each.name)))
      .filter((path) => path !== 'build.json');
    expect(peer.record.files).toEqual(paths.sort().map((path) => describeFile(peer.directory, path)));
    expect((await hashTree(peer.directory)).sha256).toBe(peer.record.sha256);
  });

  it('holds 1 bundle, its licences and its compiled code, with the names of functions', () => {
    expect(peer.record.files.map(({ path }) => path)).toEqual([
      `cache/${process.version}-${process.platform}-${process.arch}`,
      'main.cjs',
      'plugin.cjs',
      'plugin.cjs.LEGAL.txt',
    ]);
    expect(readFileSync(join(peer.directory, 'plugin.cjs'), 'utf8')).toContain('function servePlugin(');
    expect(peer).toMatchObject({ hasCache: true, warnings: [] });
  });

  it.each([[false], [true]])('answers calls, streams and callbacks under our host (insecure: %s)', async (insecure) => {
    const plugin = await launchBuilt(hostForTest(), { insecure });

    expect(await plugin.dispense('probe').echo({ text: 'hello' })).toMatchObject({ text: 'hello', version: 1 });
    expect(await drain(plugin.dispense('probe').download({ count: 100, text: 'x' }))).toBe(100);
    await plugin.dispense('kv').put({ key: 'a', value: Buffer.from('b') });
    expect(await plugin.dispense('kv').get({ key: 'a' })).toEqual({ value: Buffer.from('b') });
  });

  it('has the same bundle when it is built again, from another working directory', async () => {
    const out = join(temporaryDirectory(), 'deep', 'peer');
    const arguments_ = ['plugin', 'build', PEER, '--out', out, '--no-start', '--json'];

    const { code, stdout } = await runTroupe(arguments_, { cwd: temporaryDirectory() });

    const { files, cache } = JSON.parse(stdout) as { files: PluginBuild['record']['files']; cache: boolean };
    expect({ code, cache }).toEqual({ code: 0, cache: false });
    expect(files).toEqual(peer.record.files.filter(({ path }) => !path.startsWith('cache/')));
  });

  it('uses the compiled code, from another place too, and changes none of its files', async () => {
    const moved = join(temporaryDirectory(), 'moved');
    cpSync(peer.directory, moved, { recursive: true });

    expect(await codeOf(moved)).toEqual({ given: true, rejected: false });
    expect((await hashTree(moved)).sha256).toBe(peer.record.sha256);
  });

  it.each<[string, (cache: string, bundle: string) => void]>([
    ['is damaged', (cache) => appendFileSync(cache, 'x')],
    ['is cut off', (cache) => writeFileSync(cache, 'abc')],
    ['is missing', (cache) => rmSync(cache)],
    // V8 compares lengths only.
    ['is of sources that were edited to the same length', (_, bundle) => replaceIn(bundle, 'listener', 'Listener')],
  ])('starts without compiled code that %s', async (_, spoil) => {
    const copy = join(temporaryDirectory(), 'copy');
    cpSync(peer.directory, copy, { recursive: true });
    const [cache = ''] = readdirSync(join(copy, 'cache'));
    spoil(join(copy, 'cache', cache), join(copy, 'plugin.cjs'));

    expect(await codeOf(copy)).toMatchObject({ given: false });
    const { text } = await (await launchBuilt(hostForTest(), {}, copy)).dispense('probe').echo({ text: 'still here' });
    expect(text).toBe('still here');
  });

  it('shows sources in stack traces when it was built with a source map', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'fails.ts'), 'interface A { b: 1 }\n\nawait 0;\nthrow new TypeError("on line 4");\n');
    const out = join(directory, 'out');
    await buildPlugin({ entry: join(directory, 'fails.ts'), out, sourceMap: true, start: false });

    const stderr = stderrOf(['--enable-source-maps', join(out, 'main.cjs')]);

    expect(stderr).toMatch(/fails\.ts:4/);
  });
});

describe('a pinned launch of a built plugin', () => {
  it('runs from the read-only copy, and again after a crash, though the original is gone', async () => {
    const copy = copyOfPeer();
    const store = temporaryDirectory();
    const host = hostForTest(join(store, 'pins'));
    const checksum = { directory: copy, sha256: peer.record.sha256 };
    const plugin = await launchBuilt(host, { checksum, backoff: { initialMs: 10 } }, copy);
    const { pid } = await plugin.dispense('probe').echo({ text: '' });

    expect(commandLineOf(pid)).toContain(join(store, 'pins', peer.record.sha256, 'main.cjs'));
    rmSync(copy, { recursive: true });
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => plugin.status(), { timeout: 10_000 }).toMatchObject({ restarts: 1, state: 'ready' });
    const again = await plugin.dispense('probe').echo({ text: '' });

    expect(again.pid).not.toBe(pid);
    await host.stop();
    expect((await hashTree(join(store, 'pins', peer.record.sha256))).sha256).toBe(peer.record.sha256);
    execFileSync('chmod', ['-R', 'u+w', store]);
  });

  it('takes a checksum in capitals, and the entry by a path relative to cwd', async () => {
    const copy = copyOfPeer();
    const store = temporaryDirectory();
    const plugin = await launchPeer(hostForTest(join(store, 'pins')), {
      command: process.execPath,
      args: ['main.cjs'],
      cwd: copy,
      checksum: { directory: copy, sha256: peer.record.sha256.toUpperCase() },
    });

    const { pid } = await plugin.dispense('probe').echo({ text: '' });

    expect(execFileSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).trim()).toBe(
      join(store, 'pins', peer.record.sha256),
    );
    execFileSync('chmod', ['-R', 'u+w', store]);
  });

  it('starts no process when 1 byte has changed, and names the file', async () => {
    const copy = copyOfPeer();
    replaceIn(join(copy, 'plugin.cjs'), 'listener', 'Listener');
    const mark = randomUUID();
    const host = hostForTest(join(temporaryDirectory(), 'pins'));
    const facts: string[] = [];
    host.onFact(({ type }) => facts.push(type));

    const launch = launchBuilt(
      host,
      { checksum: { directory: copy, sha256: peer.record.sha256 }, env: { MARK: mark } },
      copy,
    );

    await expect(launch).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: expect.stringContaining('"plugin.cjs" has other contents'),
    });
    expect(facts).not.toContain('plugin.ready');
    expect(processesWith(mark)).toEqual([]);
  });

  it.each<[string, Partial<PeerOptions>, string]>([
    ['a checksum that is none', { checksum: { directory: '/opt', sha256: 'abc' } }, 'checksum.sha256'],
    ['an empty directory', { checksum: { directory: '', sha256: 'a'.repeat(64) } }, 'checksum.directory'],
    [
      'a directory that nothing runs from',
      { checksum: { directory: '/opt', sha256: 'a'.repeat(64) } },
      'checksum.directory',
    ],
    ['an empty cache directory', { compileCache: '' }, 'compileCache'],
  ])('refuses %s', async (_, options, field) => {
    await expect(launchBuilt(hostForTest(), options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
  });
});

describeWithPeer('go', 'a built plugin under a Go host', () => {
  let go: GoPeers;

  beforeAll(async () => {
    go = await goPeers();
  }, BUILD_LIMIT_MS);

  it.each([[false], [true]])('makes calls and streams (AutoMTLS: %s)', async (autoMtls) => {
    const run = await runGoHost({
      host: autoMtls ? go.hostPatched : go.host,
      command: [process.execPath, join(peer.directory, 'main.cjs')],
      steps: ['echo:hello', 'kv', 'download:100', 'upload:100', 'chat:100', 'counter:5', 'ping'],
      autoMtls,
    });

    expect(run.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(run.steps).toHaveLength(8);
    expect(run).toMatchObject({ exitCode: 0, orphan: undefined, done: { exited: true, exitCode: 0 } });
  });
});

describe('troupe plugin build', () => {
  it('builds into build/ and the name of the entry, and says how to start it', async () => {
    const cwd = temporaryDirectory();

    const { code, stdout, stderr } = await runTroupe(['plugin', 'build', TINY], { cwd });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^built \S+\/build\/tiny-plugin: 4 files, \d+ KiB\n {2}start {3}node \S+\/main\.cjs\n/);
    expect(stdout).toMatch(/ {2}cache {3}for Node\.js \S+\n {2}sha256 {2}[0-9a-f]{64}\n$/);
    expect(readdirSync(cwd)).toEqual(['build']);
  });

  it('replaces a former build, and nothing that holds more than that', async () => {
    const out = join(temporaryDirectory(), 'out');
    const options = { entry: TINY, out, conditions: ['source'], start: false };
    await buildPlugin(options);
    await buildPlugin(options);
    expect(readdirSync(join(out, '..'))).toEqual(['out']);

    writeFileSync(join(out, 'notes.txt'), 'mine');
    await expect(buildPlugin(options)).rejects.toMatchObject({
      code: 'BUILD_OUTPUT_REFUSED',
      rawMessage: expect.stringContaining('holds "notes.txt", which no build made'),
    });
    expect(existsSync(join(out, 'main.cjs'))).toBe(true);
  });

  it('gives up at SIGTERM with exit code 143 and leaves nothing', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'silent.js'), 'process.stderr.write("waits\\n"); setInterval(() => {}, 1000);');
    const build = startTroupe(['plugin', 'build', 'silent.js', '--out', 'out'], { cwd });
    await expect.poll(() => readdirSync(cwd).length, { timeout: 20_000 }).toBe(2);
    await expect.poll(() => existsSync(join(cwd, hiddenIn(cwd), 'cache')), { timeout: 20_000 }).toBe(true);

    build.signal('SIGTERM');

    expect(await build.ended).toMatchObject({ code: 143, stdout: '' });
    expect(readdirSync(cwd)).toEqual(['silent.js']);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['an entry that is missing', ['missing.ts'], 'BUILD_ENTRY_NOT_FOUND', /entry "missing\.ts" does not exist/],
    ['an entry that is a directory', ['.'], 'BUILD_ENTRY_NOT_FOUND', /entry "\." is not a file/],
    ['a syntax error', ['broken.ts'], 'BUILD_SOURCE_INVALID', /1 problem\n {2}broken\.ts:2:11 {2}Unexpected ";"/],
    [
      'packages that are missing',
      ['lost.ts'],
      'BUILD_SOURCE_INVALID',
      /2 problems\n {2}lost\.ts:1:8 .*\n {2}lost\.ts:2:8 /,
    ],
    ['a plugin that throws', ['throws.ts'], 'BUILD_TRIAL_FAILED', /\[PLUGIN_EXITED_EARLY\](.|\n)*\|.*no licence today/],
    [
      'an entry that serves nothing',
      ['fine.ts'],
      'BUILD_TRIAL_FAILED',
      /\[PLUGIN_EXITED_EARLY\].*; the entry must call servePlugin/,
    ],
    [
      'an output that cannot be made, because the system has no such directory',
      ['fine.ts', '--out', '/proc/none/deeper'],
      'BUILD_OUTPUT_REFUSED',
      /cannot be made \(ENOENT\)/,
    ],
    ['a plugin that prints too early', ['chatty.ts'], 'BUILD_TRIAL_FAILED', /HANDSHAKE_/],
    ['another magic cookie', [PEER], 'BUILD_TRIAL_FAILED', /with --handshake KEY=VALUE/],
    [
      'a directory that is in use',
      ['fine.ts', '--out', '.'],
      'BUILD_OUTPUT_REFUSED',
      /is not empty and holds no former build/,
    ],
    ['an output that is a file', ['fine.ts', '--out', 'fine.ts'], 'BUILD_OUTPUT_REFUSED', /cannot be used \(ENOTDIR\)/],
  ])('says what is wrong with %s, and leaves nothing', async (_, args, code, text) => {
    const cwd = sources();
    const before = readdirSync(cwd);

    const result = await runTroupe(['plugin', 'build', '--out', 'a/b/out', ...args], { cwd });

    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`error [${code}]: `);
    expect(result.stderr).toMatch(text);
    expect(readdirSync(cwd)).toEqual(before);
  });

  it('has a cache of a plugin that ends more slowly than a host waits', async () => {
    const directory = projectOf({
      'slow.ts': ending('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4500)'),
    });

    const built = await buildPlugin({
      entry: join(directory, 'slow.ts'),
      out: join(directory, 'out'),
      conditions: ['source'],
    });

    expect(built.hasCache).toBe(true);
    expect(built.record.files.map(({ path }) => path)).toContain(`cache/${cacheName()}`);
  });

  it.each<[string, string, RegExp]>([
    ['its process was killed', "process.kill(process.pid, 'SIGKILL')", /its process was ended by SIGKILL/],
    [
      'it could not be written',
      "rmSync(join(import.meta.dirname, 'cache'), { recursive: true }); writeFileSync(join(import.meta.dirname, 'cache'), '')",
      /its process exited with code \d/,
    ],
    [
      'V8 gave none',
      "(Script.prototype.createCachedData = () => { throw new Error('out of memory') })",
      /it could not be written \(Error: out of memory\)/,
    ],
  ])('fails after 3 attempts without a cache, and leaves nothing: %s', async (_, statement, reason) => {
    const cwd = projectOf({ 'plugin.ts': ending(statement) });

    const { code, stdout, stderr } = await runTroupe(['plugin', 'build', 'plugin.ts', '--out', 'a/out'], { cwd });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error \[BUILD_CACHE_MISSING\]: the built plugin starts, and left no code cache in 3 attempts: .*; --no-start builds without\n$/,
    );
    expect(stderr).toMatch(reason);
    expect(readdirSync(cwd)).toEqual(['plugin.ts']);
  });

  it('keeps a former build when the new one leaves no cache', async () => {
    const directory = projectOf({ 'plugin.ts': ending("process.kill(process.pid, 'SIGKILL')") });
    const out = join(directory, 'out');
    const options = { entry: join(directory, 'plugin.ts'), out, conditions: ['source'] };
    const { record } = await buildPlugin({ ...options, start: false });

    await expect(buildPlugin(options)).rejects.toMatchObject({ code: 'BUILD_CACHE_MISSING' });

    expect((await hashTree(out)).sha256).toBe(record.sha256);
    expect(readdirSync(directory)).toEqual(['out', 'plugin.ts']);
  });

  it('gives up after the start timeout on an entry that runs and never calls servePlugin', async () => {
    const directory = projectOf({ 'silent.js': 'setInterval(() => {}, 1000);' });

    await expect(
      buildPlugin({ entry: join(directory, 'silent.js'), out: join(directory, 'out'), startTimeoutMs: 500 }),
    ).rejects.toMatchObject({
      code: 'BUILD_TRIAL_FAILED',
      rawMessage: expect.stringMatching(/\[HANDSHAKE_TIMEOUT\]: .* within 500 ms; the entry must call servePlugin$/),
    });
    expect(readdirSync(directory)).toEqual(['silent.js']);
    expect(processesWith(directory)).toEqual([]);
  });

  it('says how to install esbuild when it is missing', async () => {
    const cwd = sources();
    // Resolution as it is for a package without the optional peer.
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (name !== 'esbuild') return next(name, context);
        throw Object.assign(new Error('no esbuild'), { code: 'ERR_MODULE_NOT_FOUND' });
      } });`;
    const execArgv = [`--import=data:text/javascript,${encodeURIComponent(hook)}`];

    const { code, stderr } = await runTroupe(['plugin', 'build', 'fine.ts'], { cwd, execArgv });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[BUILD_TOOL_MISSING\]: .* npm install --save-dev esbuild\n$/);
    expect(readdirSync(cwd)).not.toContain('build');
  });

  it.each([
    ['--config', '{'],
    ['--handshake', 'no-value'],
  ])('does not understand %s %s', async (option, value) => {
    const { code, stderr } = await runTroupe(['plugin', 'build', 'x.ts', option, value]);

    expect(code).toBe(2);
    expect(stderr).toContain('error [INVALID_OPTIONS]');
  });
});

describe('the sources of a plugin', () => {
  it('may be the main module, in both kinds of module, and only the entry is', async () => {
    const files = {
      'entry.ts': `import './other.ts'; if (import.meta.main) console.log('entry', import.meta.filename.endsWith('.cjs'));`,
      'other.ts': `if (import.meta.main) console.log('other'); export {};`,
      'entry.cjs': `require('./other.cjs'); if (require.main === module) console.log('entry', __dirname.length > 0);`,
      'other.cjs': `if (require.main === module) console.log('other');`,
    };

    expect(await printedBy('entry.ts', files)).toBe('entry true\n');
    expect(await printedBy('entry.cjs', files)).toBe('entry true\n');
  });

  it('may await in every module, in the order of the modules', async () => {
    const files = {
      'entry.ts': `import { a } from './a.ts'; console.log('entry', await Promise.resolve(a));`,
      'a.ts': `import './b.ts'; export const a = await Promise.resolve('a'); console.log('a');`,
      'b.ts': `await new Promise((resolve) => setTimeout(resolve, 5)); console.log('b');`,
    };

    expect(await printedBy('entry.ts', files)).toBe('b\na\nentry a\n');
  });

  it('may use built-in modules in each way, and packages that are optional or left out', async () => {
    const files = {
      'entry.ts': `
        import fs, { readFileSync } from 'node:fs';
        import * as path from 'path';
        import kept, { named } from 'kept';
        const { tmpdir } = await import('node:os');
        let optional = 'absent';
        try { require('not-installed'); optional = 'present'; } catch {}
        console.log(fs.readFileSync === readFileSync, path.sep, typeof tmpdir, optional, kept.named, named);`,
      'node_modules/kept/package.json': '{"name":"kept","version":"1.0.0","main":"index.js"}',
      'node_modules/kept/index.js': 'exports.named = __filename.includes("node_modules");',
    };

    expect(await printedBy('entry.ts', files, ['kept'])).toBe('true / function absent true true\n');
  });

  it('are run also when their package says that they have no side effects', async () => {
    const files = { 'package.json': '{"sideEffects":false,"type":"module"}', 'entry.js': `console.log('ran');` };

    expect(await printedBy('entry.js', files)).toBe('ran\n');
  });

  it('keep native addons beside the bundle', async () => {
    const directory = projectOf({ 'entry.js': `require('./addon.node');`, 'addon.node': 'not really' });

    const built = await buildPlugin({ entry: join(directory, 'entry.js'), out: join(directory, 'out'), start: false });

    expect(built.record.files.map(({ path }) => path)).toContainEqual(expect.stringMatching(/^addon-\w+\.node$/));
    expect(stderrOf([join(built.directory, 'main.cjs')])).toMatch(
      /addon-\w+\.node: (file too short|invalid ELF header)/,
    );
  });
});

// Helpers

function hostForTest(pinStore?: string): Host {
  const host = createHost(pinStore === undefined ? {} : { pinStore });
  onTestFinished(async () => void (await host.stop()));
  return host;
}

function launchBuilt(host: Host, options: Partial<PeerOptions>, directory = peer.directory): Promise<PeerPlugin> {
  return launchPeer(host, { command: process.execPath, args: [join(directory, 'main.cjs')], ...options });
}

function copyOfPeer(): string {
  const copy = join(temporaryDirectory(), 'copy');
  cpSync(peer.directory, copy, { recursive: true });
  return copy;
}

async function drain(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

function describeFile(directory: string, path: string): unknown {
  const contents = readFileSync(join(directory, path));
  return {
    path,
    bytes: statSync(join(directory, path)).size,
    sha256: createHash('sha256').update(contents).digest('hex'),
  };
}

/** What V8 was given and said, when a built plugin was started by hand and ended at once. */
async function codeOf(directory: string): Promise<{ given: boolean; rejected: boolean | undefined }> {
  const spy = `import vm from 'node:vm';
    const { Script } = vm;
    vm.Script = class extends Script {
      constructor(source, options) {
        super(source, options);
        console.log(JSON.stringify({ given: options.cachedData !== undefined, rejected: this.cachedDataRejected }));
        process.exit(0);
      }
    };`;
  const args = [`--import=data:text/javascript,${encodeURIComponent(spy)}`, join(directory, 'main.cjs')];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: {} })) as Awaited<
    ReturnType<typeof codeOf>
  >;
}

/** Changes the case of one letter: the length stays. */
function replaceIn(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function stderrOf(args: readonly string[]): string {
  try {
    execFileSync(process.execPath, args, { stdio: 'pipe', env: {} });
    return '';
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
}

function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
    } catch {
      return false; // gone, or somebody else's
    }
  });
}

function hiddenIn(directory: string): string {
  return readdirSync(directory).find((name) => name.startsWith('.')) ?? '';
}

function projectOf(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

function sources(): string {
  return projectOf({
    'broken.ts': 'const a = 1;\nconst b = ;\n',
    'lost.ts': "import 'lost-one';\nimport 'lost-two';\n",
    'throws.ts': "await 0;\nthrow new Error('no licence today');\n",
    'chatty.ts': "console.log('hello');\nsetInterval(() => {}, 1000);\n",
    'fine.ts': 'export {};\n',
  });
}

/** A plugin that does something when it is told to exit. */
function ending(statement: string): string {
  return `import { rmSync, writeFileSync } from 'node:fs';
    import { join } from 'node:path';
    import { Script } from 'node:vm';
    import { servePlugin } from '${join(ROOT, 'src/sdk/index.ts')}';
    void [rmSync, writeFileSync, join, Script];
    await servePlugin({ services: [], onShutdown: () => void (${statement.replaceAll(';', ',')}) });`;
}

/** Builds without a trial, and runs the result as a program. */
async function printedBy(
  entry: string,
  files: Readonly<Record<string, string>>,
  external: readonly string[] = [],
): Promise<string> {
  const directory = projectOf(files);
  const built = await buildPlugin({
    entry: join(directory, entry),
    out: join(directory, 'out'),
    external,
    start: false,
  });
  const { stdout, stderr } = spawnSync(process.execPath, [join(built.directory, 'main.cjs')], {
    encoding: 'utf8',
    env: {},
  });
  expect(stderr).toBe('');
  return stdout;
}
