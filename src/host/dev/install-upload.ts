// The upload endpoint: form, manifest, turn, lifecycle, answer.
//
// Invariants:
//   I1. What is wrong with an upload is said before anything is touched, and all that is wrong with its manifest at once.
//   I2. From its turn on an upload is the host's own work: it ends as it would if its sender had gone away.
//   I3. What was unpacked is gone when the work ends, however it ends.

import { RuntimeError } from '../../errors/index.ts';
import { checkManifest } from '../manifest/index.ts';
import type { Manifest } from '../manifest/index.ts';
import type { OpsRequest, OpsResponse } from '../ops/ops-handler.ts';
import { answerError, answerWith } from './dev-answer.ts';
import { applyUpload } from './apply-upload.ts';
import type { AppliedOutcome, ApplyPorts } from './apply-upload.ts';
import { readUpload } from './dev-upload.ts';
import type { DevUploadForm } from './dev-upload.ts';
import { unpackBundle } from './unpack-bundle.ts';
import type { UploadTurns } from './upload-turns.ts';

/** What uploads are taken in with. */
export interface InstallUploadPorts extends ApplyPorts {
  readonly turns: UploadTurns<AppliedOutcome>;
  /** Where bundles are unpacked. Default: the system's directory for temporary files. */
  readonly workDirectory?: string | undefined;
  /** Hears what failed within the host. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Takes one upload in. Never rejects. */
export async function installUpload(request: OpsRequest, ports: InstallUploadPorts): Promise<OpsResponse> {
  try {
    const form = await readUpload(request.headers, request.body);
    const manifest = manifestOf(form);
    const { name } = manifest;
    if (form.bundle === undefined) {
      const text = `plugin "${name}" is WebAssembly, and the host cannot run that placement yet`;
      throw new RuntimeError('PLACEMENT_UNAVAILABLE', text, { details: { plugin: name } });
    }
    const { bundle } = form;
    const work = (): Promise<AppliedOutcome> => install(form, bundle, manifest, ports);
    const { answer, isSuperseded } = await ports.turns.take(name, form, work);
    return answerWith(bodyOf(answer, isSuperseded));
  } catch (error) {
    const answer = answerError(error);
    if (answer.status === 500) ports.onError?.(error);
    return answer;
  }
}

/** I3. */
async function install(
  { manifest: text, consent }: DevUploadForm,
  bytes: Uint8Array,
  manifest: Manifest,
  ports: InstallUploadPorts,
): Promise<AppliedOutcome> {
  const unpacked = await unpackBundle(bytes, text, ports.workDirectory);
  try {
    const source = { kind: 'directory', path: unpacked.directory } as const;
    return await applyUpload({ manifest, consent, digest: unpacked.digest, source }, ports);
  } finally {
    await unpacked.remove();
  }
}

/** I1. */
function manifestOf({ manifest, format }: DevUploadForm): Manifest {
  const checked = checkManifest(manifest, format, '/');
  if ('manifest' in checked) return checked.manifest;
  const { problems } = checked;
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  throw new RuntimeError('MANIFEST_INVALID', `the uploaded manifest has ${count}`, { details: { errors: problems } });
}

function bodyOf({ row, action }: AppliedOutcome, isSuperseded: boolean): unknown {
  return {
    plugin: { name: row.slug, version: row.version },
    action,
    permissions: row.permissions,
    warnings: isSuperseded ? ['a newer upload took the place of this one'] : [],
  };
}
