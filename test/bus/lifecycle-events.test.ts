import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { createRecordingLogger } from '../../src/ports/index.ts';
import type { EventDraft } from '../../src/ports/index.ts';
import { createLifecycleEvents, maskSecrets } from '../../src/bus/lifecycle-events.ts';
import type { LifecycleEvents } from '../../src/bus/lifecycle-events.ts';
import type { Receipt } from '../../src/bus/receipt.ts';

const workflow = { workflowId: 'w1', workflowName: 'build' };
const step = { workflowId: 'w1', stepName: 'compile' };
const REFUSED: Receipt = { accepted: false, reason: 'BUS_CLOSED', error: new RuntimeError('BUS_CLOSED', 'stopped') };

describe('createLifecycleEvents', () => {
  it.each<[(events: LifecycleEvents) => void, string, Record<string, string>]>([
    [(events) => events.workflowStarted(workflow), 'workflow.started', {}],
    [(events) => events.workflowCompleted({ ...workflow, durationMs: 12 }), 'workflow.completed', { duration: '12' }],
    [(events) => events.workflowFailed({ ...workflow, error: 'no' }), 'workflow.failed', { error: 'no' }],
  ])('%s publishes %s', (act, type, further) => {
    expect(drafted(act)).toEqual([{ type, metadata: { workflow_id: 'w1', workflow_name: 'build', ...further } }]);
  });

  it.each<[(events: LifecycleEvents) => void, string, Record<string, string>]>([
    [(events) => events.stepStarted(step), 'step.started', {}],
    [(events) => events.stepCompleted(step), 'step.completed', {}],
    [(events) => events.stepFailed({ ...step, error: 'no' }), 'step.failed', { error: 'no' }],
    [(events) => events.stepRetrying({ ...step, attempt: 2 }), 'step.retrying', { attempt: '2' }],
  ])('%s publishes %s', (act, type, further) => {
    expect(drafted(act)).toEqual([{ type, metadata: { workflow_id: 'w1', step_name: 'compile', ...further } }]);
  });

  it('publishes a fact of a plugin with its short texts, and nothing of its output', () => {
    const fact = {
      type: 'plugin.failed',
      plugin: 'kv',
      failure: { code: 'PLUGIN_CRASHED' },
      stderrTail: ['x'],
    } as const;

    expect(drafted((events) => events.pluginFact(fact))).toEqual([
      { type: 'plugin.failed', metadata: { plugin: 'kv', failure: 'PLUGIN_CRASHED' } },
    ]);
  });

  it('masks what looks secret in the metadata of the caller', () => {
    const metadata = { token: 'x', user: 'y' };

    const [draft] = drafted((events) => events.workflowStarted({ ...workflow, metadata }));

    expect(draft?.metadata).toEqual({ workflow_id: 'w1', workflow_name: 'build', token: '***', user: 'y' });
  });

  it('lets no metadata of the caller replace its own entries', () => {
    const metadata = { workflow_id: 'other' };

    const [draft] = drafted((events) => events.stepStarted({ ...step, metadata }));

    expect(draft?.metadata).toEqual({ workflow_id: 'w1', step_name: 'compile' });
  });

  it('does nothing without a publisher', () => {
    expect(() => createLifecycleEvents().workflowStarted(workflow)).not.toThrow();
  });

  it('logs a refusal with its code and goes on', () => {
    const log = createRecordingLogger({ now: () => 0 });

    createLifecycleEvents({ publish: () => REFUSED, log }).workflowStarted(workflow);

    expect(log.entries).toMatchObject([{ level: 'warn', fields: { type: 'workflow.started', code: 'BUS_CLOSED' } }]);
  });
});

describe('maskSecrets', () => {
  // Feature 29.
  it.each([
    'SECRET_A',
    'secret_a',
    'Secret_',
    'API_KEY',
    'api_key_2',
    'Api_Key',
    'PASSWORD',
    'passwordHash',
    'PassWord',
    'TOKEN',
    'tokens',
    'Token_b',
  ])('masks %s', (name) => {
    expect(maskSecrets({ [name]: 'x' })).toEqual({ [name]: '***' });
  });

  it.each(['SECRET', 'secretary', 'MY_PASSWORD', 'apikey', 'tok', 'user', ''])('leaves "%s"', (name) => {
    expect(maskSecrets({ [name]: 'x' })).toEqual({ [name]: 'x' });
  });
});

// Helpers

function drafted(act: (events: LifecycleEvents) => void): EventDraft[] {
  const drafts: EventDraft[] = [];
  act(
    createLifecycleEvents({
      publish(draft) {
        drafts.push(draft);
        return REFUSED;
      },
    }),
  );
  return drafts;
}
