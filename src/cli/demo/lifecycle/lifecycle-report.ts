import type { Style } from '../../style.ts';

/** What became of the scene about the lifecycle. */
export interface LifecycleReport {
  /** Absolute path of the store. */
  readonly database: string;
  /** The data directory; undefined when it was one for this demo alone. */
  readonly kept: string | undefined;
  /** Plugins that were installed. */
  readonly installed: readonly string[];
  /** Plugins that an earlier demo had installed, and that this one has started. */
  readonly found: readonly string[];
  /** Calls that were made while the version changed there and back. */
  readonly calls: { readonly ok: number; readonly failed: number; readonly versions: ReadonlyMap<string, number> };
  /** Crashes until the quarantine. */
  readonly crashes: number;
  /** Plugins that the second host started by itself. */
  readonly startedAgain: readonly string[];
  /** Entries of the audit. */
  readonly entries: number;
  /** What is wrong with the audit, one sentence each. */
  readonly auditProblems: readonly string[];
}

/** The report for programs. */
export function lifecycleJson({ database, installed, found }: LifecycleReport): Readonly<Record<string, unknown>> {
  return { database, installed: installed.length, found: found.length };
}

/** What must not be, one sentence each. */
export function lifecycleDiscrepancies(report: LifecycleReport, plugins: readonly string[]): string[] {
  const { calls, startedAgain, auditProblems } = report;
  const missing = plugins.filter((name) => !startedAgain.includes(name));
  return [
    ...(calls.failed > 0 ? [`${calls.failed} calls failed while the version changed`] : []),
    ...(calls.versions.size < 2 ? ['the calls have not met both versions'] : []),
    ...missing.map((name) => `the second host has not started "${name}"`),
    ...auditProblems,
  ];
}

/** The end of the scene about the lifecycle, for people. */
export function lifecycleSummary(report: LifecycleReport, paint: Style): string[] {
  const { database, kept, installed, found, calls, crashes, startedAgain, entries, auditProblems } = report;
  const versions = [...calls.versions].map(([version, count]) => `${count} by ${version}`).join(', ');
  const isWhole = auditProblems.length === 0;
  return [
    paint('strong', 'What lasts'),
    `  store     ${database}`,
    `  plugins   ${found.length} found that an earlier demo had installed, ${installed.length} installed`,
    `  update    to another version and back: ${calls.ok} calls answered (${versions}), ${calls.failed} failed`,
    `  crashes   ${crashes}, then quarantine; after a reset it works again`,
    `  restart   a second host started ${startedAgain.length} plugins by itself, as its store says`,
    `  audit     ${entries} entries, ${paint(isWhole ? 'good' : 'bad', isWhole ? 'all as written' : 'not all as written')}`,
    kept === undefined
      ? '  again     the directory was for this demo alone, and is removed'
      : '  again     the next demo finds the plugins there; --reset clears the directory',
  ];
}
