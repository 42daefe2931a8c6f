// `npm test`: runs every project, then judges the run by its result file.
//
//   npm test                               gate size, with coverage and its gate
//   npm test -- test/actors -t mailbox     a part of it, by vitest's own arguments; without coverage
//   npm run test:full -- property-tests    full size
//   npm run test:full -- events            a topic: all that belongs together, wherever it lies
//
// Tables of what real peers did are printed when a filter selects the tests, and in full size.
// The last line is `N passed, N failed, N skipped`, alone.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareEnvironment } from '../test/setup/size.ts';
import { CHILD_COVERAGE_DIRECTORY, evaluateCoverage } from './coverage.ts';
import { ROOT, run } from './run.ts';
import { PROJECTS, summary, tally } from './test-result.ts';
import type { Project, ResultFile, Tally } from './test-result.ts';
import { formatTables } from './test-tables.ts';

/** What the command line asks for. */
export interface TestArguments {
  readonly size: string | undefined;
  readonly coverage: boolean;
  /** Whether files or titles were named. */
  readonly filtered: boolean;
  /** Projects of which at least one test must run. */
  readonly projects: readonly Project[];
  /** What vitest gets. */
  readonly rest: readonly string[];
}

const RESULT_FILE = join(ROOT, '.cache', 'test-result.json');
// Options of vitest that leave tests out. A run with one of them says nothing about coverage.
const NARROWING = /^(-t|--testNamePattern|--project|--shard|--changed|--exclude|--dir|--tags-filter)\b/;

/** Words that stand for the paths of several folders, for vitest, which takes parts of paths. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  events: ['events', 'event-', '/bus/', 'subscription', 'host-channel', 'host-calls', 'packed'],
  lifecycle: ['lifecycle', '/stores/', 'audit', 'bundles', 'plugin-pack', 'replace', 'permissions', 'dependenc'].concat(
    ['placements', '/admin/', '/dev/', 'dev-loop', 'log-tail', '/logs/', '/ops/', 'data-directory'],
  ),
};

/** Reads the command line: our own options, and the rest for vitest. */
export function readArguments(args: readonly string[]): TestArguments {
  const own = (arg: string): boolean => arg.startsWith('--size=') || arg === '--no-coverage' || arg === '--coverage';
  const rest = args.filter((arg) => !own(arg)).flatMap((arg) => TOPICS[arg] ?? [arg]);
  const named = rest.filter((arg) => arg.startsWith('--project=')).map((arg) => arg.slice('--project='.length));
  const byFile = rest.some((arg) => !arg.startsWith('-') || /^(-t|--testNamePattern|--shard|--changed)/.test(arg));
  const narrowed = byFile || rest.some((arg) => NARROWING.test(arg));
  return {
    size: args.findLast((arg) => arg.startsWith('--size='))?.slice('--size='.length),
    coverage: !args.includes('--no-coverage') && (!narrowed || args.includes('--coverage')),
    filtered: byFile,
    projects: byFile ? [] : PROJECTS.filter((project) => named.length === 0 || named.includes(project)),
    rest,
  };
}

/** What is wrong with a run besides its failed tests, one sentence each. */
export function complaints(result: Tally, exitCode: number, projects: readonly Project[]): string[] {
  const idle = projects.filter((project) => result.executed[project] === 0);
  return [
    ...idle.map((project) => `project "${project}" ran no test`),
    ...(result.passed + result.failed === 0 ? ['no test ran'] : []),
    ...(exitCode !== 0 && result.failed === 0 ? [`vitest ended with ${exitCode} though no test failed`] : []),
  ];
}

async function main(): Promise<void> {
  const { size, coverage, filtered, projects, rest } = readArguments(process.argv.slice(2));
  if (size !== undefined) process.env['TROUPE_TEST_SIZE'] = size;
  const scale = prepareEnvironment(process.env);
  console.log(`size ${scale.TROUPE_TEST_SIZE}, seed ${scale.FC_SEED}, ${scale.FC_RUNS} runs a property`);
  for (const path of [RESULT_FILE, CHILD_COVERAGE_DIRECTORY]) rmSync(path, { recursive: true, force: true });

  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULT_FILE}`];
  const { code } = await run('vitest', ['run', ...reporters, `--coverage.enabled=${coverage}`, ...rest], {
    show: true,
    // Helpers that start processes pass this on to them as NODE_V8_COVERAGE.
    env: { TROUPE_CHILD_COVERAGE: coverage ? CHILD_COVERAGE_DIRECTORY : undefined },
  });

  const file = readResult();
  const result = tally(file);
  const wrong = complaints(result, code, projects);
  for (const line of wrong) console.log(`test run: ${line}`);
  const covered = !coverage || evaluateCoverage();
  if (!coverage) console.log('coverage: not measured in a narrowed run');
  const tables = filtered || scale.TROUPE_TEST_SIZE !== 'gate' ? formatTables(file) : undefined;
  if (tables !== undefined) console.log(`\n${tables}\n`);
  // A defect outside of every test (an unhandled rejection, an idle project) must show in the numbers too.
  console.log(summary({ ...result, failed: result.failed === 0 ? wrong.length : result.failed }));
  process.exitCode = code === 0 && wrong.length === 0 && result.failed === 0 && covered ? 0 : 1;
}

function readResult(): ResultFile {
  if (!existsSync(RESULT_FILE)) return { testResults: [] };
  return JSON.parse(readFileSync(RESULT_FILE, 'utf8')) as ResultFile;
}

if (import.meta.main) await main();
