import { RuntimeError } from '../../errors/index.ts';
import { StepServiceService } from '../../gen/troupe/steps/v1/steps.ts';
import type { StepType } from '../../gen/troupe/steps/v1/steps.ts';
import { service } from '../../ports/service.ts';
import type { ServedService } from '../../ports/service.ts';
import type { AnyStep } from '../service-types.ts';
import { bodyError, jsonText, parseJson } from './json-text.ts';
import type { MakeContext } from './operations.ts';
import { checkedSchema } from './schemas.ts';

/** `troupe.steps.v1`, answered from what the author defined. */
export function stepService(definitions: Readonly<Record<string, AnyStep>>, contextOf: MakeContext): ServedService {
  const steps = new Map(
    Object.entries(definitions).map(([type, definition]) => [
      type,
      { definition, config: checkedSchema(definition.config, `steps.${type}.config`) },
    ]),
  );
  return service(StepServiceService, {
    async listStepTypes() {
      const stepTypes: StepType[] = [];
      for (const [name, { definition, config }] of [...steps].sort(([a], [b]) => (a < b ? -1 : 1))) {
        stepTypes.push({ name, description: definition.description ?? '', configSchemaJson: await config.json() });
      }
      return { stepTypes };
    },
    async executeStep({ type, name, configJson, inputJson }, { signal }) {
      const found = steps.get(type);
      if (found === undefined) throw new RuntimeError('NOT_FOUND', `the plugin has no steps of type "${type}"`);
      const what = `the configuration of step "${name}"`;
      const config = await found.config.check(parseJson(configJson, what), what);
      const input = parseJson(inputJson, `the input of step "${name}"`);
      try {
        const output: unknown = await found.definition.execute(
          { name, config: config as never, input },
          contextOf(signal),
        );
        return { outputJson: jsonText(output), error: undefined };
      } catch (reason) {
        return { outputJson: '', error: bodyError(reason, 'STEP_FAILED') };
      }
    },
  });
}
