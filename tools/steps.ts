// Runs named checks, a few at a time, and tells at the end which failed.

import { seconds } from './run.ts';

/** How a check ended: `ok`, and what it has to say when it is not. */
export interface StepResult {
  readonly ok: boolean;
  readonly output: string;
}

/** One check. */
export interface Step {
  readonly name: string;
  /** Checks that must have passed before; when one failed, this one is not run and counts as failed. */
  readonly needs?: readonly string[];
  run(): Promise<StepResult>;
}

/**
 * Runs all steps, at most `parallel` at once, in the order of the list as far as their needs allow. Each step prints one
 * line through `print`, a failing one its output too. Returns the names of those that failed.
 */
export async function runSteps(
  steps: readonly Step[],
  parallel: number,
  print: (line: string) => void = console.log,
): Promise<string[]> {
  const outcomes = new Map<string, boolean>();
  const waiting = [...steps];
  const running = new Set<Promise<void>>();
  while (waiting.length + running.size > 0) {
    const index = waiting.findIndex(({ needs = [] }) => needs.every((name) => outcomes.has(name)));
    if (index === -1 && running.size === 0) throw new Error(`the needs of "${waiting[0]?.name}" can never be met`);
    if (index === -1 || running.size >= parallel) {
      await Promise.race(running);
      continue;
    }
    const [step] = waiting.splice(index, 1);
    if (!step) continue;
    const done = runStep(step, outcomes, print).finally(() => running.delete(done));
    running.add(done);
  }
  return steps.map(({ name }) => name).filter((name) => outcomes.get(name) === false);
}

async function runStep(step: Step, outcomes: Map<string, boolean>, print: (line: string) => void): Promise<void> {
  const unmet = (step.needs ?? []).filter((name) => outcomes.get(name) === false);
  const start = performance.now();
  const { ok, output } =
    unmet.length > 0 ? { ok: false, output: `not run: ${unmet.join(', ')} failed` } : await attempt(step);
  outcomes.set(step.name, ok);
  print(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(12)} ${seconds(performance.now() - start)}`);
  if (!ok && output.trim() !== '') print(output.trimEnd());
}

async function attempt(step: Step): Promise<StepResult> {
  try {
    return await step.run();
  } catch (error) {
    return { ok: false, output: String(error) };
  }
}
