import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { run } from '../../tools/run.ts';
import { tally } from '../../tools/test-result.ts';
import type { ResultFile } from '../../tools/test-result.ts';
import { formatTables } from '../../tools/test-tables.ts';
import { goPeers } from '../peers/go.ts';
import type { GoPeers } from '../peers/go.ts';
import { describeWithPeer } from '../peers/peers.ts';

// The first build compiles Go's standard library too.
const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 60_000;
const ROW = 'AutoMTLS tcp fall back';

let peers: GoPeers;

describeWithPeer('go', 'a peer of the directory that TROUPE_GO_PEERS names', () => {
  beforeAll(async () => {
    peers = await goPeers();
  }, BUILD_LIMIT_MS);

  it('joins the matrix in both directions: 24 cells of one row', { timeout: RUN_LIMIT_MS }, async () => {
    const directory = directoryWith({ plugin: [peers.pluginPatched], host: [peers.hostPatched], lacks: [] });

    const { result } = await runMatrix(directory, `again.*${ROW}`);

    expect(tally(result)).toMatchObject({ passed: 24, failed: 0 });
    const works = ['version 1', ...Array(11).fill('ok')].join(' ');
    expect(rowsOf(result, ROW)).toEqual([works, works]);
    // The other rows were not selected.
    const notRun = Array(12).fill('-').join(' ');
    expect(rowsOf(result, 'AutoMTLS tcp agree')).toEqual([notRun, notRun]);
  });

  it('fails the run when its description cannot be used', { timeout: RUN_LIMIT_MS }, async () => {
    const directory = directoryWith({ plugin: [join('/nowhere', 'plugin')] });

    const { result, code } = await runMatrix(directory, 'again');

    expect(code).not.toBe(0);
    expect(result.testResults.map(({ message }) => message)).toEqual(
      Array(2).fill(
        `${join(directory, 'again', 'peer.json')}: "plugin.0": there is no executable file "/nowhere/plugin"`,
      ),
    );
  });
});

// Helpers

function directoryWith(description: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-peers-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'again'));
  writeFileSync(join(directory, 'again', 'peer.json'), JSON.stringify(description));
  return directory;
}

async function runMatrix(directory: string, titles: string) {
  const file = join(directory, 'result.json');
  const reporter = ['--reporter=json', `--outputFile.json=${file}`];
  const selection = ['--project=integration', 'test/interop/go-plugin-matrix', '-t', titles];
  const { code } = await run('vitest', ['run', ...reporter, ...selection], {
    env: { TROUPE_GO_PEERS: directory },
  });
  return { code, result: JSON.parse(readFileSync(file, 'utf8')) as ResultFile };
}

/** The cells of that row in the table of each direction. */
function rowsOf(result: ResultFile, row: string): string[] {
  return (formatTables(result) ?? '')
    .split('\n')
    .filter((line) => line.startsWith(row))
    .map((line) => line.slice(row.length).trim().replace(/  +/g, ' '));
}
