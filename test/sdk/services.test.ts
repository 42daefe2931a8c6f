import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { RuntimeError } from '../../src/errors/index.ts';
import { OperationServiceService } from '../../src/gen/troupe/operations/v1/operations.ts';
import { StepServiceService } from '../../src/gen/troupe/steps/v1/steps.ts';
import { Issue_Severity, ValidatorServiceService } from '../../src/gen/troupe/validators/v1/validators.ts';
import { definePlugin, operation, step } from '../../src/sdk/index.ts';
import type { DefinedPlugin } from '../../src/sdk/index.ts';
import { createPluginHarness } from '../../src/testing/index.ts';
import type { PluginHarness } from '../../src/testing/index.ts';

const JSON_SCHEMA = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };

const plugin = (): DefinedPlugin =>
  definePlugin({
    operations: {
      double: operation({
        description: 'twice',
        input: z.object({ n: z.number().default(1) }),
        output: z.number(),
        execute: ({ n }) => n * 2,
      }),
      half: { input: JSON_SCHEMA, execute: async ({ n }: { n: number }) => n / 2 },
      broken: { execute: () => fail('no luck') },
      missing: { execute: () => Promise.reject(new RuntimeError('NOT_FOUND', 'no such row')) },
      huge: { execute: () => 1n },
      emits: { execute: async (_: unknown, { emit }) => emit({ type: 'done' }) },
    },
    validators: [
      (document) => [{ severity: 'error', message: `saw ${JSON.stringify(document)}`, field: 'a' }],
      async (_, { part }) => (part === undefined ? [] : [{ severity: 'info', message: part, part }]),
    ],
    steps: {
      wait: step({
        config: z.object({ ms: z.number() }),
        execute: ({ name, config, input }) => ({ name, ms: config.ms, input }),
      }),
      broken: { execute: () => fail('no luck') },
    },
  });

describe('operations', () => {
  it('are listed by name with their schemas', async () => {
    const { operations } = await (await run()).client(OperationServiceService).listOperations({});

    expect(operations.map(({ name }) => name)).toEqual(['broken', 'double', 'emits', 'half', 'huge', 'missing']);
    expect(JSON.parse(operations[1]?.inputSchemaJson ?? '')).toMatchObject({ properties: { n: { type: 'number' } } });
    expect(JSON.parse(operations[3]?.inputSchemaJson ?? '')).toEqual(JSON_SCHEMA);
    expect([operations[1]?.description, operations[0]?.inputSchemaJson]).toEqual(['twice', '']);
  });

  it.each([
    ['double', '{"n":4}', '8'],
    ['double', '{}', '2'],
    ['half', '{"n":4}', '2'],
  ])('%s makes %s into %s', async (name, inputJson, outputJson) => {
    const answer = await execute(name, inputJson);

    expect(answer).toEqual({ outputJson, error: undefined });
  });

  it.each([
    ['broken', 'OPERATION_FAILED', 'no luck'],
    ['missing', 'NOT_FOUND', 'no such row'],
    ['huge', 'OPERATION_FAILED', 'BigInt'],
  ])('50: %s tells %s in the body', async (name, code, message) => {
    const { error } = await execute(name, '');

    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it.each([
    ['unknown', '', 'NOT_FOUND'],
    ['double', '{"n":"x"}', 'INVALID_ARGUMENT'],
    ['half', '{}', 'INVALID_ARGUMENT'],
    ['double', '{', 'INVALID_ARGUMENT'],
  ])('50: %s with %j was not executed: status %s', async (name, inputJson, code) => {
    await expect(execute(name, inputJson)).rejects.toMatchObject({ code });
  });

  it('emit events that nothing has caused', async () => {
    const harness = await run();

    await harness.client(OperationServiceService).execute({ operation: 'emits', inputJson: '' });

    expect(harness.emitted.map(({ type, cause }) => [type, cause])).toEqual([['done', 'root']]);
  });
});

describe('validators', () => {
  it('all run, and tell what they found in their order', async () => {
    const { issues } = await (await run()).client(ValidatorServiceService).validate({ documentJson: '[1]', part: 'p' });

    expect(issues).toEqual([
      { severity: Issue_Severity.SEVERITY_ERROR, message: 'saw [1]', part: '', field: 'a' },
      { severity: Issue_Severity.SEVERITY_INFO, message: 'p', part: 'p', field: '' },
    ]);
  });
});

describe('steps', () => {
  it('are listed, checked and executed', async () => {
    const client = (await run()).client(StepServiceService);
    const call = { type: 'wait', name: 's1', configJson: '{"ms":5}', inputJson: '7' };

    const { stepTypes } = await client.listStepTypes({});
    const { outputJson } = await client.executeStep(call);

    expect(stepTypes.map(({ name }) => name)).toEqual(['broken', 'wait']);
    expect(JSON.parse(outputJson)).toEqual({ name: 's1', ms: 5, input: 7 });
    await expect(client.executeStep({ ...call, configJson: '{}' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await client.executeStep({ ...call, type: 'broken' })).error?.code).toBe('STEP_FAILED');
    await expect(client.executeStep({ ...call, type: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

// Helpers

async function run(): Promise<PluginHarness> {
  const harness = await createPluginHarness(plugin());
  onTestFinished(() => harness.close());
  return harness;
}

async function execute(
  operationName: string,
  inputJson: string,
): Promise<{ outputJson: string; error?: { code: string; message: string } | undefined }> {
  return (await run()).client(OperationServiceService).execute({ operation: operationName, inputJson });
}

function fail(text: string): never {
  throw new Error(text);
}
