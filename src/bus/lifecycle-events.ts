// The events that a host publishes about its own doings: runs of workflows and their steps, and the lives of plugins.
//
// Their data is in the metadata, as short texts; they have no payload. What looks like a secret by its name is masked
// before anything is published.

import type { EventDraft, Logger } from '../ports/index.ts';
import type { Receipt } from './receipt.ts';

/** A run of a workflow. */
export interface WorkflowRun {
  readonly workflowId: string;
  readonly workflowName: string;
  /** Further texts; names that look secret are masked. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A step of a workflow's run. */
export interface StepRun {
  readonly workflowId: string;
  readonly stepName: string;
  /** Further texts; names that look secret are masked. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A fact about a plugin: a type such as `plugin.ready`, and the name of the plugin. What else it has is published as text. */
export interface PluginLifeFact {
  readonly type: `plugin.${string}`;
  readonly plugin: string;
}

/** Publishes lifecycle events. No method throws, and none waits. */
export interface LifecycleEvents {
  workflowStarted(run: WorkflowRun): void;
  workflowCompleted(run: WorkflowRun & { readonly durationMs: number }): void;
  workflowFailed(run: WorkflowRun & { readonly error: string }): void;
  stepStarted(run: StepRun): void;
  stepCompleted(run: StepRun): void;
  stepFailed(run: StepRun & { readonly error: string }): void;
  /** `attempt` is the number of the attempt that begins. */
  stepRetrying(run: StepRun & { readonly attempt: number }): void;
  /** Publishes a fact of a host as it is told by `onFact`. */
  pluginFact(fact: PluginLifeFact): void;
}

/** What lifecycle events are made of. */
export interface LifecycleEventsOptions {
  /** Publishes them, usually a bus's own `publish`. Default: nothing is published. */
  readonly publish?: ((draft: EventDraft) => Receipt) | undefined;
  /** Told about events that were refused. Default: nobody. */
  readonly log?: Logger | undefined;
}

/** What stands in the place of a secret. */
const MASKED = '***';

const SECRET_PREFIXES = ['SECRET_', 'API_KEY', 'PASSWORD', 'TOKEN'];
/** Most characters of a fact's value that are published. */
const LONGEST_VALUE = 1_024;

/** Whether the name of a metadata entry begins like that of a secret: `SECRET_`, `API_KEY`, `PASSWORD`, `TOKEN`, in any case. */
function isSecretName(name: string): boolean {
  const upper = name.toUpperCase();
  return SECRET_PREFIXES.some((prefix) => upper.startsWith(prefix));
}

/** A copy of the metadata without secrets. */
export function maskSecrets(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata).map(([name, value]) => [name, isSecretName(name) ? MASKED : value] as const);
  return Object.fromEntries(entries);
}

/** Makes the publisher of lifecycle events. */
export function createLifecycleEvents({ publish, log }: LifecycleEventsOptions = {}): LifecycleEvents {
  const tell = (type: string, own: Readonly<Record<string, string>>, further = NOTHING): void => {
    if (publish === undefined) return;
    // The event's own entries win: a caller's metadata cannot pretend to be another workflow.
    const receipt = publish({ type, metadata: maskSecrets({ ...further, ...own }) });
    if (!receipt.accepted) log?.log('warn', 'a lifecycle event was not published', { type, code: receipt.reason });
  };
  const ofWorkflow = (run: WorkflowRun) => ({ workflow_id: run.workflowId, workflow_name: run.workflowName });
  const ofStep = (run: StepRun) => ({ workflow_id: run.workflowId, step_name: run.stepName });
  return {
    workflowStarted: (run) => tell('workflow.started', ofWorkflow(run), run.metadata),
    workflowCompleted: (run) =>
      tell('workflow.completed', { ...ofWorkflow(run), duration: `${run.durationMs}` }, run.metadata),
    workflowFailed: (run) => tell('workflow.failed', { ...ofWorkflow(run), error: cut(run.error) }, run.metadata),
    stepStarted: (run) => tell('step.started', ofStep(run), run.metadata),
    stepCompleted: (run) => tell('step.completed', ofStep(run), run.metadata),
    stepFailed: (run) => tell('step.failed', { ...ofStep(run), error: cut(run.error) }, run.metadata),
    stepRetrying: (run) => tell('step.retrying', { ...ofStep(run), attempt: `${run.attempt}` }, run.metadata),
    pluginFact: (fact) => tell(fact.type, textsOf(fact)),
  };
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/** The entries of a fact that have a short text. Nested ones, such as the output of a process, are nobody's business here. */
function textsOf(fact: PluginLifeFact): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(fact)) {
    if (name === 'type') continue;
    if (typeof value === 'string') texts[name] = cut(value);
    else if (typeof value === 'number' || typeof value === 'boolean') texts[name] = `${value}`;
    else if (name === 'failure') texts['failure'] = codeOf(value);
  }
  return texts;
}

/** The code of a failed process; its message may hold what the plugin wrote. */
function codeOf(failure: unknown): string {
  const code: unknown = typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : '';
  return typeof code === 'string' ? code : '';
}

/** Cut between characters: half of a pair could not be published. */
function cut(text: string): string {
  return text.slice(0, LONGEST_VALUE).toWellFormed();
}
