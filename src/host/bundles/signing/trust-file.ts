// The file in which a host's configuration names trusted keys, as YAML or JSON:
//
//   keys:
//     - id: acme-2026
//       publicKey: |
//         -----BEGIN PUBLIC KEY-----
//         …
//       validFrom: 2026-01-01
//       validUntil: 2027-01-01T00:00:00Z
//       revoked: false
//     - id: other
//       publicKeyFile: keys/other.pub.pem   # relative to this file
//   policies:
//     directory: warn

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isRuntimeError, RuntimeError } from '../../../errors/index.ts';
import { reasonOf } from '../bundle-error.ts';
import { resolveTrust } from './trust.ts';
import type { TrustedKey, TrustOptions } from './trust.ts';

const MAX_BYTES = 1024 * 1024;

const time = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date, or a time with its zone')
  .transform((text) => Date.parse(text));
const policy = z.enum(['required', 'warn', 'off'], 'must be required, warn or off').exactOptional();

const trustSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        id: z.string('must be a name').min(1, 'must be a name'),
        publicKey: z.string('must be a key as PEM').exactOptional(),
        publicKeyFile: z.string('must be a path').exactOptional(),
        validFrom: time.exactOptional(),
        validUntil: time.exactOptional(),
        revoked: z.boolean('must be true or false').exactOptional(),
      }),
      'must be a list of keys',
    )
    .default([]),
  policies: z.strictObject({ directory: policy, archive: policy, bytes: policy, url: policy }).prefault({}),
});

type KeyEntry = z.output<typeof trustSchema>['keys'][number];

/** Reads trusted keys. Rejects with SIGNATURE_TRUST_INVALID, which lists what is wrong in `details.problems`. */
export async function readTrustFile(file: string): Promise<TrustOptions> {
  const result = trustSchema.safeParse(await readValue(file));
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')} ${message}`.trim());
    throw invalid(file, `has ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`, problems);
  }
  const { keys, policies } = result.data;
  const trust = { keys: await Promise.all(keys.map((key, index) => trustedKey(file, key, index))), policies };
  try {
    resolveTrust(trust);
  } catch (error) {
    throw invalid(file, isRuntimeError(error) ? `cannot be used: ${error.rawMessage}` : 'cannot be used', [], error);
  }
  return trust;
}

async function readValue(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw invalid(file, `has ${size} bytes, more than ${MAX_BYTES}`);
    const text = await readFile(file, 'utf8');
    return parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw isRuntimeError(error) ? error : invalid(file, `cannot be read (${reasonOf(error)})`, [], error);
  }
}

async function trustedKey(file: string, entry: KeyEntry, index: number): Promise<TrustedKey> {
  const { id, publicKey, publicKeyFile, validFrom, validUntil, revoked } = entry;
  if ((publicKey === undefined) === (publicKeyFile === undefined)) {
    throw invalid(file, 'has 1 problem', [`keys.${index} must have publicKey or publicKeyFile`]);
  }
  const at = resolve(dirname(file), publicKeyFile ?? '.');
  const pem =
    publicKey ??
    (await readFile(at, 'utf8').catch((cause: unknown) => {
      throw invalid(
        file,
        'has 1 problem',
        [`keys.${index}.publicKeyFile "${at}" cannot be read (${reasonOf(cause)})`],
        cause,
      );
    }));
  return {
    id,
    publicKey: pem,
    ...(validFrom === undefined ? {} : { validFromAt: validFrom }),
    ...(validUntil === undefined ? {} : { validUntilAt: validUntil }),
    ...(revoked === undefined ? {} : { revoked }),
  };
}

function invalid(file: string, problem: string, problems: readonly string[] = [], cause?: unknown): RuntimeError {
  return new RuntimeError('SIGNATURE_TRUST_INVALID', `file of trusted keys "${file}" ${problem}`, {
    ...(problems.length > 0 ? { details: { problems } } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
