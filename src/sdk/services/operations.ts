import { RuntimeError } from '../../errors/index.ts';
import { OperationServiceService } from '../../gen/troupe/operations/v1/operations.ts';
import type { Operation } from '../../gen/troupe/operations/v1/operations.ts';
import { service } from '../../ports/service.ts';
import type { ServedService } from '../../ports/service.ts';
import type { AnyOperation, ServiceContext } from '../service-types.ts';
import { bodyError, jsonText, parseJson } from './json-text.ts';
import { checkedSchema } from './schemas.ts';

/** What a call knows, from its signal. */
export type MakeContext = (signal: AbortSignal) => ServiceContext;

/** `troupe.operations.v1`, answered from what the author defined. */
export function operationService(
  definitions: Readonly<Record<string, AnyOperation>>,
  contextOf: MakeContext,
): ServedService {
  const operations = new Map(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      {
        definition,
        input: checkedSchema(definition.input, `operations.${name}.input`),
        output: checkedSchema(definition.output, `operations.${name}.output`),
      },
    ]),
  );
  return service(OperationServiceService, {
    async listOperations() {
      const listed: Operation[] = [];
      for (const name of [...operations.keys()].sort()) {
        const found = operations.get(name);
        if (found === undefined) continue;
        const { definition, input, output } = found;
        const [inputSchemaJson, outputSchemaJson] = [await input.json(), await output.json()];
        listed.push({ name, description: definition.description ?? '', inputSchemaJson, outputSchemaJson });
      }
      return { operations: listed };
    },
    async execute({ operation: name, inputJson }, { signal }) {
      const found = operations.get(name);
      if (found === undefined) throw new RuntimeError('NOT_FOUND', `the plugin has no operation "${name}"`);
      const what = `the input of operation "${name}"`;
      const input = await found.input.check(parseJson(inputJson, what), what);
      try {
        const output: unknown = await found.definition.execute(input as never, contextOf(signal));
        return { outputJson: jsonText(output), error: undefined };
      } catch (reason) {
        return { outputJson: '', error: bodyError(reason, 'OPERATION_FAILED') };
      }
    },
  });
}
