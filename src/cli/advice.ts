// What helps when an operation was refused: the command or the option to go on with. Errors of the package know no
// command line. Pure.

import type { Code } from '../errors/index.ts';

type Details = Readonly<Record<string, unknown>>;

const ADVICE: Readonly<Partial<Record<Code, string | ((details: Details) => string | undefined)>>> = {
  CONSENT_REQUIRED: consentAdvice,
  DOWNGRADE_REFUSED: 'to take it all the same: --allow-downgrade',
  INVALID_TRANSITION: transitionAdvice,
  NAME_TAKEN: 'to change to this version: troupe plugin update NAME SOURCE',
  STORE_CORRUPTED: 'nothing was changed; put a backup of the directory in its place',
  STORE_NEWER: 'nothing was changed; use the version of troupe that made it, or a newer one',
};

/** A line below an error; undefined when there is nothing to say. */
export function adviceFor(code: Code, details: Details): string | undefined {
  const advice = ADVICE[code];
  return typeof advice === 'function' ? advice(details) : advice;
}

function consentAdvice({ plugin }: Details): string | undefined {
  return typeof plugin === 'string' ? `to see it and to give it: troupe plugin consent ${plugin}` : undefined;
}

/** What brings a plugin out of the state that an operation cannot begin in. */
function transitionAdvice({ plugin, operation, actual }: Details): string | undefined {
  if (typeof plugin !== 'string' || operation === 'quarantine') return undefined;
  switch (actual) {
    case 'active':
      return operation === 'uninstall' ? `to stop it first: troupe plugin deactivate ${plugin}` : undefined;
    case 'errored':
    case 'quarantined':
      return `to let it leave this state: troupe plugin reset ${plugin}`;
    default:
      return undefined;
  }
}
