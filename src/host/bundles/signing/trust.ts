// Which signatures count.
//
// Invariants:
//   U1. A key counts because the host's configuration has it, never because a bundle brings it.
//   U2. Every look at a signature is a new one: nothing is remembered that a changed configuration would not know of.
//   U3. A signature that claims to be of a trusted key and is not refuses the bundle, unless the policy is `off`.
//   U4. A signature carries no time that could be believed: a key is valid or not at the time of the look.

import type { KeyObject } from 'node:crypto';
import { InvalidOptionsError, isRuntimeError, RuntimeError } from '../../../errors/index.ts';
import type { Code } from '../../../errors/index.ts';
import { fingerprintOf, parsePublicKey } from './keys.ts';
import { isSignatureOf } from './signature.ts';
import type { BundleSignature } from './signature.ts';

/** A key that a host trusts. */
export interface TrustedKey {
  /** What people call it, such as `acme-2026`. */
  readonly id: string;
  /** SPKI as PEM. */
  readonly publicKey: string;
  /** When it begins to count, in epoch ms. Default: always. */
  readonly validFromAt?: number;
  /** When it counts no more, in epoch ms. Default: never. */
  readonly validUntilAt?: number;
  /** Whether nobody may rely on it any more. Default false. */
  readonly revoked?: boolean;
}

/** What is done about signatures: nothing, a warning, or a refusal when there is none that counts. */
export type SignaturePolicy = 'required' | 'warn' | 'off';

/** Policies by where a plugin comes from. */
export interface SignaturePolicies {
  /** Default `warn`. */
  readonly directory?: SignaturePolicy;
  /** Default `required`. */
  readonly archive?: SignaturePolicy;
  /** Default `required`. */
  readonly bytes?: SignaturePolicy;
  /** Default `required`. */
  readonly url?: SignaturePolicy;
}

/** Whom a host trusts, and how far. */
export interface TrustOptions {
  /** Default none. */
  readonly keys?: readonly TrustedKey[];
  readonly policies?: SignaturePolicies;
}

/** Who has signed a bundle. */
export interface Signer {
  /** The `id` of the trusted key. */
  readonly id: string;
  /** Fingerprint of the key. */
  readonly fingerprint: string;
}

/** What there is to say about one signature. */
export interface SignatureCheck {
  /** Fingerprint of the key that it claims to be of. */
  readonly key: string;
  readonly status: 'valid' | 'unknown' | 'invalid' | 'expired' | 'notYetValid' | 'revoked';
  /** The `id` of the trusted key; undefined when it is unknown. */
  readonly signer: string | undefined;
}

/** Trust that was checked. */
export interface ResolvedTrust {
  /** By fingerprint. */
  readonly keys: ReadonlyMap<string, { readonly id: string; readonly key: KeyObject; readonly options: TrustedKey }>;
  readonly policies: Required<SignaturePolicies>;
}

const DEFAULT_POLICIES: Required<SignaturePolicies> = {
  directory: 'warn',
  archive: 'required',
  bytes: 'required',
  url: 'required',
};
const POLICIES: readonly unknown[] = ['required', 'warn', 'off'] satisfies SignaturePolicy[];

/** Throws `InvalidOptionsError` for a key or a policy that is none, and for a key or an id that is there twice. */
export function resolveTrust({ keys = [], policies = {} }: TrustOptions = {}): ResolvedTrust {
  const resolved = { ...DEFAULT_POLICIES, ...policies };
  for (const [name, policy] of Object.entries(resolved)) requirePolicy(`trust.policies.${name}`, policy);
  const found = new Map<string, { id: string; key: KeyObject; options: TrustedKey }>();
  const ids = new Set<string>();
  for (const [index, options] of keys.entries()) {
    const field = `trust.keys[${index}]`;
    const key = publicKeyOf(`${field}.publicKey`, options);
    const fingerprint = fingerprintOf(key);
    if (options.id === '' || ids.has(options.id))
      throw new InvalidOptionsError(`${field}.id`, 'is empty, or used twice');
    if (found.has(fingerprint)) throw new InvalidOptionsError(`${field}.publicKey`, 'is there twice');
    for (const name of ['validFromAt', 'validUntilAt'] as const) {
      const at = options[name];
      if (at !== undefined && !Number.isFinite(at)) throw new InvalidOptionsError(`${field}.${name}`, 'is no time');
    }
    ids.add(options.id);
    found.set(fingerprint, { id: options.id, key, options });
  }
  return { keys: found, policies: resolved };
}

/** Returns the policy; throws `InvalidOptionsError` when it is none. */
export function requirePolicy(field: string, policy: SignaturePolicy): SignaturePolicy {
  if (POLICIES.includes(policy)) return policy;
  throw new InvalidOptionsError(field, `must be required, warn or off, not ${JSON.stringify(policy)}`);
}

/** Looks at the signatures of a digest. `now` is in epoch ms. */
export function checkSignatures(
  digest: string,
  signatures: readonly BundleSignature[],
  trust: ResolvedTrust,
  now: number,
): readonly SignatureCheck[] {
  return signatures.map((signature) => {
    const trusted = trust.keys.get(signature.key);
    if (trusted === undefined) return { key: signature.key, status: 'unknown', signer: undefined };
    const { id, key, options } = trusted;
    const { validFromAt = -Infinity, validUntilAt = Infinity, revoked = false } = options;
    const statusOf = (): SignatureCheck['status'] => {
      if (!isSignatureOf(digest, signature, key)) return 'invalid';
      if (revoked) return 'revoked';
      if (now < validFromAt) return 'notYetValid';
      return now < validUntilAt ? 'valid' : 'expired';
    };
    return { key: signature.key, status: statusOf(), signer: id };
  });
}

/** What follows from the signatures of a bundle. */
export interface SignatureVerdict {
  readonly signer: Signer | undefined;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Applies a policy. Throws a SIGNATURE_* error that names the bundle and, where there is one, the key. */
export function judgeSignatures(
  label: string,
  checks: readonly SignatureCheck[],
  policy: SignaturePolicy,
): SignatureVerdict {
  if (policy === 'off') return { signer: undefined, warnings: [] };
  const forged = checks.find(({ status }) => status === 'invalid');
  if (forged !== undefined) throw refusal(label, forged);
  const valid = checks.find(({ status }) => status === 'valid');
  if (valid?.signer !== undefined) return { signer: { id: valid.signer, fingerprint: valid.key }, warnings: [] };
  const worst = WORST_FIRST.map((status) => checks.find((each) => each.status === status)).find(Boolean);
  const error = refusal(label, worst);
  if (policy === 'required') throw error;
  return { signer: undefined, warnings: [error.rawMessage] };
}

/**
 * Why nobody may rely on the signatures of something that was taken before. A key that the host does not know (any more) is
 * no reason: nobody can tell why it was taken. Undefined when there is no reason, or one signature counts.
 */
export function distrustOf(label: string, checks: readonly SignatureCheck[]): RuntimeError | undefined {
  if (checks.some(({ status }) => status === 'valid')) return undefined;
  const worst = (['revoked', 'expired'] as const).map((status) => checks.find((each) => each.status === status));
  const found = worst.find(Boolean);
  return found && refusal(label, found);
}

const WORST_FIRST: readonly SignatureCheck['status'][] = ['revoked', 'expired', 'notYetValid', 'unknown'];

const REFUSALS: Readonly<Record<Exclude<SignatureCheck['status'], 'valid'>, readonly [Code, string]>> = {
  unknown: ['SIGNATURE_UNTRUSTED', 'is signed by no key that this host trusts'],
  invalid: ['SIGNATURE_INVALID', 'has a signature that does not fit it'],
  expired: ['SIGNATURE_KEY_EXPIRED', 'is signed by a key that is valid no more'],
  notYetValid: ['SIGNATURE_KEY_EXPIRED', 'is signed by a key that is not valid yet'],
  revoked: ['SIGNATURE_KEY_REVOKED', 'is signed by a key that was revoked'],
};

function refusal(label: string, check: SignatureCheck | undefined): RuntimeError {
  if (check === undefined || check.status === 'valid') {
    return new RuntimeError('SIGNATURE_MISSING', `${label} has no signature`);
  }
  const [code, text] = REFUSALS[check.status];
  const by = check.signer === undefined ? check.key.slice(0, 16) : `"${check.signer}"`;
  const { key, signer } = check;
  return new RuntimeError(code, `${label} ${text} (${by})`, {
    details: { key, ...(signer === undefined ? {} : { signer }) },
  });
}

function publicKeyOf(field: string, { publicKey }: TrustedKey): KeyObject {
  try {
    return parsePublicKey('it', publicKey);
  } catch (error) {
    throw new InvalidOptionsError(field, isRuntimeError(error) ? error.rawMessage : 'is no key');
  }
}
