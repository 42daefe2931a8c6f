// Bundles in words, and as JSON.

import type { BundleRecord, SignatureCheck, VerifiedBundle, WrittenBundle } from '../../host/bundles/index.ts';
import { oneLine } from '../printable.ts';

/** What was written, for people. */
export function writtenText(verb: string, { file, record, signatures, bytes }: WrittenBundle): string {
  const signed = signatures.map(({ key }) => shortKey(key)).join(', ');
  return [
    oneLine(`${verb} ${file}: ${record.name} ${record.version}, ${filesText(record)}, ${kibibytes(bytes)} packed`),
    `  digest  ${record.digest}`,
    `  signed  ${signed === '' ? 'by nobody' : `by the key ${signed}`}`,
    '',
  ].join('\n');
}

/** What was written, for programs. */
export function writtenJson({ file, record, signatures, bytes }: WrittenBundle): unknown {
  return { file, bytes, ...recordJson(record), signatures: signatures.map(({ key }) => key) };
}

/** What was verified, for people. */
export function verifiedText({ record, signatures, warnings }: VerifiedBundle): string {
  const { node, platforms } = record.runtime;
  const needs = [`Node.js ${node}`, ...(platforms.length > 0 ? [platforms.join(' or ')] : [])].join(', ');
  return [
    oneLine(`${record.name} ${record.version} is whole: ${filesText(record)}`),
    `  digest  ${record.digest}`,
    ...(signatures.length === 0
      ? ['  signed  by nobody']
      : signatures.map((each) => `  signed  ${signatureText(each)}`)),
    `  needs   ${oneLine(needs)}`,
    ...warnings.map((warning) => `  note    ${oneLine(warning)}`),
    '',
  ].join('\n');
}

/** What was verified, for programs. */
export function verifiedJson({ record, signatures, signer, warnings }: VerifiedBundle): unknown {
  return { ok: true, ...recordJson(record), signer: signer ?? null, signatures, warnings };
}

const SIGNATURE_TEXTS: Readonly<Record<SignatureCheck['status'], string>> = {
  valid: '',
  unknown: ', which nobody vouches for; --trust names a file of trusted keys',
  invalid: ', and does not fit',
  expired: ', which is valid no more',
  notYetValid: ', which is not valid yet',
  revoked: ', which was revoked',
};

function signatureText({ key, status, signer }: SignatureCheck): string {
  const by = signer === undefined ? `by the key ${shortKey(key)}` : `by ${oneLine(signer)} (${shortKey(key)})`;
  return `${by}${SIGNATURE_TEXTS[status]}`;
}

function recordJson({ name, version, digest, runtime, files }: BundleRecord): Readonly<Record<string, unknown>> {
  return { name, version, digest, runtime, files: files.length, totalBytes: totalOf(files) };
}

function filesText({ files }: BundleRecord): string {
  return `${files.length} file${files.length === 1 ? '' : 's'}, ${kibibytes(totalOf(files))}`;
}

function totalOf(files: BundleRecord['files']): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`;
}

function shortKey(key: string): string {
  return key.slice(0, 16);
}
