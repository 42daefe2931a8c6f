import { Dependents } from '../../gen/troupe/admin/v1/admin.ts';
import type { DependentsFlag } from './dependents-flag.ts';

const POLICIES = {
  refuse: Dependents.DEPENDENTS_REFUSE,
  cascade: Dependents.DEPENDENTS_CASCADE,
  ignore: Dependents.DEPENDENTS_IGNORE,
} as const satisfies Record<DependentsFlag['dependents'], Dependents>;

/** The policy as it goes to the host. */
export function dependentsOf(word: DependentsFlag['dependents']): Dependents {
  return POLICIES[word];
}
