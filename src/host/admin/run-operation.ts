// An operation of the lifecycle as a stream of reports.
//
// Invariants:
//   O1. The last report, and only that one, says how it ended.
//   O2. The operation is the host's own: whoever leaves ends the reports and not the operation.
//   O3. Steps that nobody takes do not pile up: of more than `MAX_STEPS` the oldest are left out.

import type { OperationReport } from '../../gen/troupe/admin/v1/admin.ts';
import type { OperationProgress } from '../lifecycle/types.ts';
import { errorMessage } from './messages.ts';

/** Steps that wait to be taken. */
const MAX_STEPS = 100;

/** Runs it, and reports. `operation` gets what hears the steps, and resolves with the last report. */
export async function* runOperation(
  operation: (onProgress: (progress: OperationProgress) => void) => Promise<OperationReport>,
): AsyncGenerator<OperationReport, void> {
  const steps: OperationReport[] = [];
  let last: OperationReport | undefined;
  let wake = (): void => {};
  const end = (report: OperationReport): void => {
    last = report;
    wake();
  };
  const onProgress = ({ plugin = '', step }: OperationProgress): void => {
    if (last !== undefined) return;
    if (steps.length === MAX_STEPS) steps.shift();
    steps.push({ report: { $case: 'step', value: { plugin, step } } });
    wake();
  };
  const failed = (error: unknown): void => end({ report: { $case: 'error', value: errorMessage(error) } });
  // O2. In a function of its own, as an operation may also throw at once.
  void (async () => end(await operation(onProgress)))().catch(failed);
  for (;;) {
    const step = steps.shift();
    if (step !== undefined) yield step;
    else if (last !== undefined) break;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  yield last;
}
