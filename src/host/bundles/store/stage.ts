// How a plugin gets into a store.
//
// Invariants:
//   G1. Nothing is laid out before its signatures, its version and its record are accepted.
//   G2. A stage that fails leaves nothing: whatever is not complete stands in its workplace, which goes with it.
//   G3. What is in the store under a digest is what the digest says, whoever put it there.

import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import lt from 'semver/functions/lt.js';
import valid from 'semver/functions/valid.js';
import { isRuntimeError, RuntimeError } from '../../../errors/index.ts';
import type { Environment } from '../../../ports/index.ts';
import { removeTree } from '../../../transport/process/index.ts';
import type { PluginSource } from '../../lifecycle/types.ts';
import { bundleError, shownName, throwIfCancelled } from '../bundle-error.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { download, parseUrl, shownUrl } from '../download/download.ts';
import type { DownloadOptions } from '../download/download-options.ts';
import type { BundleRecord } from '../record/bundle-record.ts';
import { checkRuntime } from '../record/runtime-facts.ts';
import { checkSignatures, judgeSignatures, requirePolicy } from '../signing/trust.ts';
import type { ResolvedTrust } from '../signing/trust.ts';
import { openArchive } from '../source/open-archive.ts';
import type { OpenBundle } from '../source/open-bundle.ts';
import { openDirectory } from '../source/open-directory.ts';
import { withArchive } from '../source/with-bundle.ts';
import type { StagedArtifact, StageOptions } from './artifact-store.ts';
import { readArtifact, verifyFiles } from './read-artifact.ts';
import { openWorkplace } from './store-folder.ts';
import { addSignature, publishArtifact, storeFailed, writeArtifact } from './write-artifact.ts';

/** What a store goes by. */
export interface StoreContext {
  readonly root: string;
  readonly limits: ResolvedBundleLimits;
  readonly trust: ResolvedTrust;
  readonly download: DownloadOptions;
  readonly environment: Environment;
}

/** Brings a plugin into the store. */
export async function stageSource(
  context: StoreContext,
  source: PluginSource,
  options: StageOptions,
): Promise<StagedArtifact> {
  const { root } = context;
  const workplace = await openWorkplace(root);
  try {
    const fetched: string[] = [];
    const staged = await withSource({ context, source, options, workplace, warnings: fetched }, (bundle) =>
      stageBundle(context, bundle, source.kind, workplace, options),
    );
    return { ...staged, warnings: [...fetched, ...staged.warnings] };
  } catch (error) {
    throw isRuntimeError(error) ? error : storeFailed(root, error);
  } finally {
    // G2. When even that fails, the next host that opens the store does it.
    await removeTree(workplace).catch(() => {});
  }
}

interface SourceTask {
  readonly context: StoreContext;
  readonly source: PluginSource;
  readonly options: StageOptions;
  readonly workplace: string;
  /** Takes what is to be said about the way here. */
  readonly warnings: string[];
}

async function withSource<T>(task: SourceTask, use: (bundle: OpenBundle) => Promise<T>): Promise<T> {
  const { context, source, options, workplace } = task;
  const { limits } = context;
  const { signal, onProgress } = options;
  if (source.kind === 'url') await fetchArchive(task, source.url);
  onProgress?.({ step: 'reading', done: 0, total: undefined });
  switch (source.kind) {
    case 'directory':
      return use(await openDirectory(resolve(source.path), { limits, signal }));
    case 'archive':
      return withArchive(`bundle "${source.path}"`, resolve(source.path), { limits }, use);
    case 'bytes':
      return use(await openArchive('bundle', { bytes: source.bytes }, limits));
    case 'url':
      return withArchive(`bundle ${shownUrl(parseUrl(source.url))}`, join(workplace, FETCHED), { limits }, use);
  }
}

const FETCHED = 'fetched';

async function fetchArchive({ context, options, workplace, warnings }: SourceTask, url: string): Promise<void> {
  const { limits, environment } = context;
  const { signal, onProgress } = options;
  const handle = await open(join(workplace, FETCHED), 'wx', 0o600);
  let done = 0;
  onProgress?.({ step: 'downloading', done, total: undefined });
  try {
    const result = await download({
      url,
      maxBytes: limits.maxArchiveBytes,
      clock: environment.clock,
      options: context.download,
      signal,
      async write(chunk) {
        await handle.writeFile(chunk);
        done += chunk.length;
        onProgress?.({ step: 'downloading', done, total: undefined });
      },
    });
    warnings.push(...result.warnings);
  } finally {
    await handle.close();
  }
}

async function stageBundle(
  context: StoreContext,
  bundle: OpenBundle,
  kind: PluginSource['kind'],
  workplace: string,
  options: StageOptions,
): Promise<StagedArtifact> {
  const { root, limits, trust, environment } = context;
  const { signal, onProgress } = options;
  const { label, record } = bundle;
  onProgress?.({ step: 'verifying', done: 0, total: undefined });
  const policy = requirePolicy('policy', options.policy ?? trust.policies[kind]);
  const checks = checkSignatures(record.digest, bundle.signatures, trust, environment.clock.now());
  const { signer, warnings } = judgeSignatures(label, checks, policy);
  await acceptVersion(label, record, options);
  const notes = checkRuntime(label, record.runtime);
  const isWhole = (): Promise<boolean> => isStored(context, record.digest);
  let isFresh = false;
  if (!(await isWhole())) {
    const fresh = join(workplace, 'artifact');
    const onFile = (done: number, total: number): void => onProgress?.({ step: 'copying', done, total });
    await writeArtifact(bundle, fresh, { signal, onFile });
    throwIfCancelled(signal, `the stage of ${label}`);
    onProgress?.({ step: 'publishing', done: 0, total: undefined });
    isFresh = await publishArtifact(fresh, { root, digest: record.digest, aside: join(workplace, 'old'), isWhole });
  }
  const stored = await readArtifact(root, record.digest, limits);
  if (!isFresh)
    await keepSignatures(
      context,
      stored,
      bundle,
      new Set(checks.filter(({ status }) => status === 'valid').map(({ key }) => key)),
    );
  const { digest, directory, loaded, manifestText } = stored;
  const bytes = record.files.reduce((sum, each) => sum + each.bytes, 0);
  return { digest, directory, loaded, manifestText, record, signer, warnings: [...warnings, ...notes], bytes, isFresh };
}

/** Of an artifact that was there already: signatures that count join those that it has. */
async function keepSignatures(
  { root, limits }: StoreContext,
  stored: Awaited<ReturnType<typeof readArtifact>>,
  { signatures }: OpenBundle,
  valid: ReadonlySet<string>,
): Promise<void> {
  const known = new Map(stored.signatures.map((each) => [each.key, each.signature]));
  for (const each of signatures) {
    if (!valid.has(each.key) || known.get(each.key) === each.signature) continue;
    if (!known.has(each.key) && known.size >= limits.maxSignatures) break;
    await addSignature(join(root, stored.digest), each);
    known.set(each.key, each.signature);
  }
}

async function isStored({ root, limits }: StoreContext, digest: string): Promise<boolean> {
  try {
    await verifyFiles(await readArtifact(root, digest, limits), limits);
    return true;
  } catch (error) {
    if (isRuntimeError(error) && (error.code === 'BUNDLE_UNKNOWN' || error.code === 'BUNDLE_CORRUPT')) return false;
    throw error;
  }
}

async function acceptVersion(
  label: string,
  { name, version, digest }: BundleRecord,
  options: StageOptions,
): Promise<void> {
  const { expect = {}, highest, allowDowngrade = false } = options;
  if (expect.name !== undefined && expect.name !== name) {
    throw bundleError(
      'BUNDLE_INVALID',
      label,
      `is the plugin ${shownName(name)}, and ${shownName(expect.name)} is wanted`,
    );
  }
  if (expect.digest !== undefined && expect.digest !== digest) {
    throw bundleError('BUNDLE_LOCK_MISMATCH', label, `has the digest ${digest}, and ${expect.digest} is wanted`);
  }
  if (allowDowngrade) return;
  const former = typeof highest === 'function' ? await highest(name) : highest;
  if (former === undefined) return;
  // Manifests of awf may have versions that cannot be compared, and so might be lower.
  const isComparable = valid(version) !== null;
  if (isComparable && !lt(version, former)) return;
  const problem = isComparable ? 'is below' : 'cannot be compared with';
  throw new RuntimeError(
    'DOWNGRADE_REFUSED',
    `plugin "${name}" ${version} ${problem} ${former}, the highest version that was installed; it needs allowDowngrade`,
    { details: { plugin: name, version, highest: former } },
  );
}
