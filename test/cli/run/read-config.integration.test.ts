import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/cli/run/read-config.ts';
import { temporaryDirectory } from '../support.ts';

const SHA256 = 'aB'.repeat(32);

describe('readConfig', () => {
  it('gives what a full file says, with paths from its own directory', async () => {
    const file = write(`
      plugins:
        - name: kv
          command: ./bin/kv
          args: [--verbose, "1"]
          env: { PORT: "8080" }
          inheritEnv: [PATH, LC_*]
          handshake: { cookieKey: KEY, cookieValue: value }
          checksum: { directory: ./bin, sha256: "${SHA256}" }
          compileCache: cache
          versions: [1, 2]
          network: tcp
          ports: { min: 10000, max: 10010 }
          maxReceiveBytes: 1024
          config: { table: users, depth: 3 }
          restart: never
          startTimeoutMs: 5000
          minUptimeMs: 0
          health: { intervalMs: 1000, timeoutMs: 500, misses: 2 }
          stop: { drainMs: 0, graceMs: 100, terminateMs: 100 }
          backoff: { initialMs: 100, factor: 1.5, maxMs: 1000, jitter: full }
        - { name: other, command: other, cwd: /srv, compileCache: "off" }
      log: { level: debug }
      stopDeadlineMs: 3000`);

    const { plugins, ...rest } = await readConfig(file);

    expect(rest).toEqual({ file: 'troupe.yaml', logLevel: 'debug', stopDeadlineMs: 3000 });
    expect(plugins).toEqual([
      {
        name: 'kv',
        command: join(dirname(file), 'bin/kv'),
        cwd: dirname(file),
        args: ['--verbose', '1'],
        env: { PORT: '8080' },
        inheritEnv: ['PATH', 'LC_*'],
        handshake: { cookieKey: 'KEY', cookieValue: 'value' },
        checksum: { directory: join(dirname(file), 'bin'), sha256: SHA256 },
        compileCache: join(dirname(file), 'cache'),
        versions: [1, 2],
        network: 'tcp',
        ports: { min: 10_000, max: 10_010 },
        maxReceiveBytes: 1024,
        config: { table: 'users', depth: 3 },
        restart: 'never',
        startTimeoutMs: 5000,
        minUptimeMs: 0,
        health: { intervalMs: 1000, timeoutMs: 500, misses: 2 },
        stop: { drainMs: 0, graceMs: 100, terminateMs: 100 },
        backoff: { initialMs: 100, factor: 1.5, maxMs: 1000, jitter: 'full' },
      },
      { name: 'other', command: 'other', cwd: '/srv', compileCache: 'off' },
    ]);
  });

  it('logs from warn up and gives plugins 10 s to stop by default', async () => {
    const config = await readConfig(write('plugins: [{ name: a, command: a }]'));

    expect(config).toMatchObject({ logLevel: 'warn', stopDeadlineMs: 10_000 });
  });

  it('takes common settings through an anchor and a merge key', async () => {
    const file = write(`
      plugins:
        - &first { name: a, command: node, restart: never }
        - { <<: *first, name: b }`);

    expect((await readConfig(file)).plugins).toMatchObject([
      { name: 'a', restart: 'never' },
      { name: 'b', restart: 'never' },
    ]);
  });

  it.each<[string, string, string]>([
    ['', '1:1', 'must be a mapping, not empty'],
    ['plugins: []', '1:1', 'plugins must name at least 1 plugin, not an empty list'],
    ['log: {}', '1:1', 'plugins is missing; it must be a list of plugins'],
    ['plugins: [a]', '1:11', 'plugins[0] must be a mapping, not "a"'],
    ['plugins: [{ command: x }]', '1:11', 'plugins[0].name is missing; it must be 1 to 128 letters, digits'],
    [one('name: a b'), '2:5', 'plugins[0].name must be 1 to 128 letters, digits, ".", "_" or "-", not "a b"'],
    [
      one('args: [--port, 8080]'),
      '4:20',
      'plugins[0].args[1] must be a list of strings; put numbers in quotes, not 8080',
    ],
    [one('env: { PORT: 8080 }'), '4:12', 'plugins[0].env.PORT must be a string; put numbers and booleans in quotes'],
    [one('cwd: ""'), '4:5', 'plugins[0].cwd must be the path of a directory, not ""'],
    [one('inheritEnv: some'), '4:5', 'plugins[0].inheritEnv must be default, all, none, or a list of names'],
    [
      one('handshake: { cookieKey: A }'),
      '4:5',
      'plugins[0].handshake.cookieValue is missing; it must be a non-empty string',
    ],
    [one('checksum: abc'), '4:5', 'plugins[0].checksum must be a mapping, not "abc"'],
    [
      one('checksum: { directory: d }'),
      '4:5',
      'plugins[0].checksum.sha256 is missing; it must be 64 hexadecimal digits',
    ],
    [
      one('checksum: { directory: "", sha256: abc }'),
      '4:17',
      'plugins[0].checksum.directory must be the path of a directory, not ""',
    ],
    [
      one('checksum: { directory: d, sha256: abc }'),
      '4:31',
      'plugins[0].checksum.sha256 must be 64 hexadecimal digits, not "abc"',
    ],
    [
      one('compileCache: false'),
      '4:5',
      'plugins[0].compileCache must be auto, off, or the path of a directory, not false',
    ],
    [one('versions: []'), '4:5', 'plugins[0].versions must name at least 1 version, not an empty list'],
    [one('versions: [1.5]'), '4:16', 'plugins[0].versions[0] must be a whole number of at least 0, not 1.5'],
    [one('insecure: maybe'), '4:5', 'plugins[0].insecure must be true or false, not "maybe"'],
    [one('network: udp'), '4:5', 'plugins[0].network must be one of unix, tcp, not "udp"'],
    [
      one('ports: { min: 0, max: 70000 }'),
      '4:14',
      'plugins[0].ports.min must be a whole number from 1 to 65535, not 0',
    ],
    [one('ports: { min: 20, max: 10 }'), '4:23', 'plugins[0].ports.max must be at least ports.min'],
    [one('restart: always'), '4:5', 'plugins[0].restart must be one of onCrash, never, not "always"'],
    [one('startTimeoutMs: 0'), '4:5', 'plugins[0].startTimeoutMs must be a number of at least 1 (milliseconds), not 0'],
    [one('health: { misses: 0 }'), '4:15', 'plugins[0].health.misses must be a whole number of at least 1, not 0'],
    [one('stop: 5'), '4:5', 'plugins[0].stop must be a mapping, not 5'],
    [
      one('stop: { drainMs: -1 }'),
      '4:13',
      'plugins[0].stop.drainMs must be a number of at least 0 (milliseconds), not -1',
    ],
    [
      one('backoff: { jitter: some }'),
      '4:16',
      'plugins[0].backoff.jitter must be one of none, equal, full, not "some"',
    ],
    [one('backoff: { initialMs: 90000 }'), '4:5', 'plugins[0].backoff must have a maxMs (default 60000) of at least'],
    [one('comand: x'), '4:5', 'plugins[0].comand is not known here; known are name, command, args'],
    [`${one('insecure: true')}\n    network: tcp`, '4:5', 'plugins[0].insecure must be false when network is tcp'],
    [
      `${one('restart: never')}\nlog: { level: loud }`,
      '5:8',
      'log.level must be one of trace, debug, info, warn, error',
    ],
    [`${one('restart: never')}\nstopDeadlineMs: -1`, '5:1', 'stopDeadlineMs must be a number of at least 0'],
    [
      `${one('restart: never')}\n  - { name: p, command: x }`,
      '5:7',
      'plugins[1].name is "p", as that of plugins[0] is',
    ],
  ])('refuses %j', async (text, position, problem) => {
    const problems = await problemsOf(text, 'CONFIG_INVALID');

    expect(problems.join('\n')).toContain(`troupe.yaml:${position}  ${problem}`);
  });

  it.each<[string, string, string]>([
    ['plugins: [', '1:11', 'Flow sequence'],
    ['a: 1\na: 2', '2:1', 'Map keys must be unique'],
    ['a: 1\n---\nb: 2', '2:1', 'multiple documents'],
  ])('refuses %j as YAML', async (text, position, problem) => {
    const [line = ''] = await problemsOf(text, 'CONFIG_SYNTAX');

    expect(line).toContain(`troupe.yaml:${position}  `);
    expect(line).toContain(problem);
  });

  it('refuses an alias without an anchor as YAML', async () => {
    expect((await problemsOf('plugins: *nothing', 'CONFIG_SYNTAX')).join()).toContain('nothing');
  });

  it('finds 4 problems at once, in the order of the file', async () => {
    const problems = await problemsOf(
      'stopDeadlineMs: soon\nplugins:\n  - { name: a, command: x }\n  - { name: a, extra: 1 }',
      'CONFIG_INVALID',
    );

    expect(problems.map((line) => line.split('  ')[0])).toEqual([
      'troupe.yaml:1:1',
      'troupe.yaml:4:5',
      'troupe.yaml:4:7',
      'troupe.yaml:4:16',
    ]);
  });

  it('shows no value of a variable or a cookie', async () => {
    const text = one('env: { TOKEN: 424242 }\n    handshake: { cookieKey: K, cookieValue: 171717 }');

    expect((await problemsOf(text, 'CONFIG_INVALID')).join('\n')).not.toMatch(/424242|171717/);
  });

  it('says that a file does not exist', async () => {
    await expect(readConfig('/does/not/exist.yaml')).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      rawMessage: '/does/not/exist.yaml does not exist',
    });
  });

  it('refuses a directory', async () => {
    const directory = join(temporaryDirectory(), 'troupe.yaml');
    mkdirSync(directory);

    await expect(readConfig(directory)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('refuses a file that is not UTF-8', async () => {
    await expect(readConfig(write(Buffer.from([0x61, 0x3a, 0x20, 0xff])))).rejects.toMatchObject({
      code: 'CONFIG_SYNTAX',
    });
  });

  it('refuses a file of more than 1,048,576 bytes', async () => {
    await expect(readConfig(write(Buffer.alloc(1_048_577, '#')))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      rawMessage: expect.stringContaining('1048577 bytes') as unknown,
    });
  });
});

// Helpers

function write(text: string | Buffer): string {
  const file = join(temporaryDirectory(), 'troupe.yaml');
  writeFileSync(file, text);
  return file;
}

/** A file with one plugin; the line is its fourth, or its second when it is about the name. */
function one(line: string): string {
  if (line.startsWith('name:')) return `plugins:\n  - ${line}\n    command: x`;
  return `plugins:\n  - name: p\n    command: x\n    ${line}`;
}

async function problemsOf(text: string, code: string): Promise<string[]> {
  const error: unknown = await readConfig(write(text)).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code });
  return (error as { details: { problems: string[] } }).details.problems;
}
