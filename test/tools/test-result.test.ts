import { describe, expect, it } from 'vitest';
import { complaints, readArguments } from '../../tools/test.ts';
import { projectOf, summary, tally } from '../../tools/test-result.ts';
import type { ResultFile } from '../../tools/test-result.ts';

describe('tally', () => {
  it('counts passed, failed and skipped tests over all files', () => {
    const result = resultOf(
      ['test/a.test.ts', 'failed', 'passed', 'failed'],
      ['p/b.prop.ts', 'passed', 'passed', 'todo'],
    );

    expect(tally(result)).toMatchObject({ passed: 2, failed: 1, skipped: 1 });
  });

  it('counts a file that does not load as 1 failure', () => {
    expect(tally(resultOf(['test/a.test.ts', 'failed']))).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a file that leaks after its tests passed as 1 failure', () => {
    expect(tally(resultOf(['test/a.test.ts', 'failed', 'passed']))).toMatchObject({ passed: 1, failed: 1 });
  });

  it('does not count skipped tests as executed', () => {
    const result = resultOf(['test/a.integration.test.ts', 'passed', 'skipped', 'pending', 'passed']);

    expect(tally(result).executed).toEqual({ unit: 0, property: 0, integration: 1 });
  });
});

describe('projectOf', () => {
  it.each([
    ['/r/test/a.test.ts', 'unit'],
    ['/r/test/deep/a.integration.test.ts', 'integration'],
    ['/r/property-tests/a.machine.prop.ts', 'property'],
  ])('puts %s into %s', (path, project) => {
    expect(projectOf(path)).toBe(project);
  });
});

describe('readArguments', () => {
  it('takes the topic "events" for all of its folders, and any other word for itself', () => {
    expect(readArguments(['events']).rest).toEqual(expect.arrayContaining(['events', '/bus/', 'subscription']));
    expect(readArguments(['lifecycle']).rest).toEqual(expect.arrayContaining(['lifecycle', '/stores/', 'replace']));
    expect(readArguments(['test/actors']).rest).toEqual(['test/actors']);
  });

  it('measures coverage and needs all 3 projects when nothing narrows the run', () => {
    expect(readArguments(['--bail=1'])).toMatchObject({
      coverage: true,
      projects: ['unit', 'property', 'integration'],
      rest: ['--bail=1'],
    });
  });

  it('keeps its own options from vitest', () => {
    expect(readArguments(['--size=gate', '--no-coverage', '--size=full'])).toMatchObject({
      size: 'full',
      coverage: false,
      rest: [],
    });
  });

  it.each([['test/actors'], ['-t', 'mailbox'], ['--project=unit']])('measures no coverage with %s', (...args) => {
    expect(readArguments(args).coverage).toBe(false);
  });

  it('measures coverage of a narrowed run when it is asked for', () => {
    expect(readArguments(['test/actors', '--coverage']).coverage).toBe(true);
  });

  it.each([
    [true, ['go-plugin']],
    [true, ['-t', 'mailbox']],
    [false, ['--bail=1']],
    [false, ['--project=unit']],
  ])('is %j that %j names files or titles', (filtered, args) => {
    expect(readArguments(args).filtered).toBe(filtered);
  });

  it('needs a test of the named project only', () => {
    expect(readArguments(['--project=unit']).projects).toEqual(['unit']);
    expect(readArguments(['--project=unit', 'test/actors']).projects).toEqual([]);
  });
});

describe('complaints', () => {
  const executed = { unit: 1, property: 0, integration: 1 };

  it('names a project that ran no test', () => {
    const idle = complaints({ passed: 2, failed: 0, skipped: 9, executed }, 0, ['unit', 'property', 'integration']);

    expect(idle).toEqual(['project "property" ran no test']);
  });

  it('names a run without a single test', () => {
    expect(complaints(tally(resultOf()), 0, [])).toEqual(['no test ran']);
  });

  it('names a failure outside of every test', () => {
    expect(complaints({ passed: 2, failed: 0, skipped: 0, executed }, 1, ['unit'])).toEqual([
      'vitest ended with 1 though no test failed',
    ]);
  });
});

describe('summary', () => {
  it('is one line with 3 numbers', () => {
    expect(summary({ passed: 12, failed: 0, skipped: 3 })).toBe('12 passed, 0 failed, 3 skipped');
  });
});

// Helpers

/** A result file from `[path, status of the file, ...statuses of its tests]`. */
function resultOf(...files: readonly (readonly [string, string, ...string[]])[]): ResultFile {
  return {
    testResults: files.map(([name, status, ...tests]) => ({
      name,
      status,
      message: '',
      assertionResults: tests.map((test) => ({ status: test })),
    })),
  };
}
