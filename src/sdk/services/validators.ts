import { RuntimeError } from '../../errors/index.ts';
import { Issue_Severity, ValidatorServiceService } from '../../gen/troupe/validators/v1/validators.ts';
import type { Issue } from '../../gen/troupe/validators/v1/validators.ts';
import { service } from '../../ports/service.ts';
import type { ServedService } from '../../ports/service.ts';
import type { ValidationIssue, Validator } from '../service-types.ts';
import { parseJson } from './json-text.ts';
import type { MakeContext } from './operations.ts';

const SEVERITIES = {
  error: Issue_Severity.SEVERITY_ERROR,
  warning: Issue_Severity.SEVERITY_WARNING,
  info: Issue_Severity.SEVERITY_INFO,
} as const;

/** `troupe.validators.v1`: all validators run, in their order, and what they find is one answer. */
export function validatorService(validators: readonly Validator[], contextOf: MakeContext): ServedService {
  return service(ValidatorServiceService, {
    async validate({ documentJson, part }, { signal }) {
      const document = parseJson(documentJson, 'the document');
      const context = { ...contextOf(signal), part: part === '' ? undefined : part };
      const issues: Issue[] = [];
      for (const validator of validators) issues.push(...(await run(() => validator(document, context))));
      return { issues };
    },
  });
}

async function run(validate: () => ReturnType<Validator>): Promise<Issue[]> {
  try {
    return (await validate()).map(toIssue);
  } catch (cause) {
    throw new RuntimeError('UNKNOWN', `a validator failed: ${RuntimeError.from(cause).rawMessage}`, { cause });
  }
}

function toIssue({ severity, message, part = '', field = '' }: ValidationIssue): Issue {
  return { severity: SEVERITIES[severity], message, part, field };
}
