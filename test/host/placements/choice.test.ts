import { describe, expect, it } from 'vitest';
import { resolveLaunch } from '../../../src/host/launch-options.ts';
import type { LaunchOptions } from '../../../src/host/index.ts';
import { manifestLaunch } from '../../../src/host/manifest-launch.ts';
import type { LoadedManifest } from '../../../src/host/index.ts';
import { checkManifest } from '../../../src/host/manifest/index.ts';
import { definePlugin } from '../../../src/sdk/index.ts';

const DEFAULTS = { handshake: undefined, process: undefined, temporaryRoot: undefined };
const DEFINITION = definePlugin({ name: 'defined' });

describe('the placement of a launch', () => {
  it.each<[string, LaunchOptions, string, string]>([
    ['a command', { command: '/bin/kv' }, 'process', 'kv'],
    ['a module', { module: '/p/kv.ts' }, 'process', 'kv.ts'],
    ['a definition', { definition: DEFINITION }, 'inProcess', 'defined'],
    ['a module in a worker', { module: '/p/kv.ts', placement: 'worker' }, 'worker', 'kv.ts'],
    ['a module beside the host', { module: '/p/kv.ts', placement: 'inProcess' }, 'inProcess', 'kv.ts'],
  ])('of %s is the default or what is asked for, with a name', (_what, options, kind, name) => {
    expect(resolveLaunch(options, DEFAULTS)).toMatchObject({ name, placement: { kind } });
  });

  it('starts a module in a process by the Node.js of the host', () => {
    const options: LaunchOptions = { module: '/p/kv.ts', nodeArgs: ['--no-warnings'], args: ['red'] };

    expect(resolveLaunch(options, DEFAULTS).placement.options).toMatchObject({
      command: process.execPath,
      args: ['--no-warnings', '/p/kv.ts', 'red'],
    });
  });

  it('gives a worker 512 MiB and the variables that a process would get', () => {
    const env = { GIVEN: '1' };
    const worker = resolveLaunch({ module: '/p/kv.ts', placement: 'worker', env }, DEFAULTS).placement.options;
    const inherited = resolveLaunch({ command: 'kv', env }, DEFAULTS).placement.options;

    expect(worker).toMatchObject({ memoryMb: 512, nodeArgs: undefined });
    expect(worker).toHaveProperty('env', (inherited as { env: unknown }).env);
  });

  it.each<[LaunchOptions, string, string]>([
    [{}, 'command', 'must be given'],
    [{ command: 'a', module: 'b' }, 'command', 'excludes "module"'],
    [{ module: '' }, 'module', 'must not be empty'],
    [{ command: 'a', placement: 'worker' }, 'placement', 'needs "module" and not "command"'],
    [{ definition: DEFINITION, placement: 'worker' }, 'placement', 'needs "module" and not "definition"'],
    [{ module: 'a', placement: 'moon' as 'worker' }, 'placement', 'takes process, worker, inProcess'],
    [{ command: 'a', nodeArgs: [] }, 'nodeArgs', 'is for a "module"'],
    [{ module: 'a', placement: 'worker', memoryMb: 15 }, 'memoryMb', '16'],
    [{ module: 'a', placement: 'worker', contract: 'awf' }, 'contract', 'runs in a process only'],
    [{ definition: () => DEFINITION }, 'name', 'must be given'],
    [{ definition: DEFINITION, checksum: { directory: 'x', sha256: '0' } }, 'checksum', 'is for files'],
  ])('is refused for %o, naming %s', (options, field, text) => {
    expect(() => resolveLaunch(options, DEFAULTS)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field, message: expect.stringContaining(text) }),
    );
  });
});

describe('the placement of a manifest', () => {
  it.each<[object, object]>([
    [{}, { command: process.execPath, args: ['/p/main.js', 'red'] }],
    [{ allow: ['worker'] }, { placement: 'worker', module: '/p/main.js', args: ['red'] }],
    [
      { allow: ['process', 'inProcess'], prefer: 'inProcess' },
      { placement: 'inProcess', module: '/p/main.js' },
    ],
    [
      { allow: ['remote', 'worker', 'process'], prefer: 'remote' },
      { placement: 'worker', module: '/p/main.js' },
    ],
    [
      { allow: ['worker'], memoryMb: 64 },
      { placement: 'worker', memoryMb: 64 },
    ],
  ])('%o is the preferred one if the host has it, else the first that it has', (placement, launch) => {
    expect(manifestLaunch(loaded(placement), undefined)).toMatchObject(launch);
  });

  it('is the one that the operator asks for, if it is allowed', () => {
    const manifest = loaded({ allow: ['process', 'worker'] });

    expect(manifestLaunch(manifest, undefined, 'worker')).toMatchObject({ placement: 'worker' });
    expect(() => manifestLaunch(manifest, undefined, 'inProcess')).toThrow(
      'does not allow the placement inProcess, only process, worker',
    );
  });

  it('is refused with PLACEMENT_UNSUPPORTED when the host has none that is allowed', () => {
    expect(() => manifestLaunch(loaded({ allow: ['wasm', 'remote'] }), undefined)).toThrow(
      expect.objectContaining({ code: 'PLACEMENT_UNSUPPORTED' }),
    );
  });
});

// Helpers

function loaded(placement: object): LoadedManifest {
  const text = JSON.stringify({
    apiVersion: 'troupe.plugin/v1',
    name: 'kv',
    version: '1.0.0',
    kinds: ['services'],
    run: { node: 'main.js', args: ['red'] },
    placement,
  });
  const checked = checkManifest(text, 'json', '/p');
  if (!('manifest' in checked)) throw new Error(JSON.stringify(checked.problems));
  return { manifest: checked.manifest, file: '/p/plugin.json', directory: '/p' };
}
