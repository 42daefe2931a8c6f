import type { ServedService } from '../../ports/service.ts';
import type { AnyOperation, AnyStep, Validator } from '../service-types.ts';
import { operationService } from './operations.ts';
import type { MakeContext } from './operations.ts';
import { stepService } from './steps.ts';
import { validatorService } from './validators.ts';

/** What a plugin offers besides events. */
export interface OfferedServices {
  readonly operations?: Readonly<Record<string, AnyOperation>> | undefined;
  readonly validators?: readonly Validator[] | undefined;
  readonly steps?: Readonly<Record<string, AnyStep>> | undefined;
}

/** The services of what is offered; the host gets UNIMPLEMENTED for the others. */
export function servicesOf(offered: OfferedServices, contextOf: MakeContext): ServedService[] {
  const { operations, validators, steps } = offered;
  return [
    ...(operations === undefined ? [] : [operationService(operations, contextOf)]),
    ...(validators === undefined ? [] : [validatorService(validators, contextOf)]),
    ...(steps === undefined ? [] : [stepService(steps, contextOf)]),
  ];
}
