// The methods of the admin service that change a plugin.
//
// Invariants:
//   A1. Each needs a principal, which the lifecycle writes into the audit.

import { isAbsolute } from 'node:path';
import { InvalidOptionsError } from '../../errors/index.ts';
import { Dependents } from '../../gen/troupe/admin/v1/admin.ts';
import type {
  AdminServiceService,
  InstallPluginRequest,
  OperationReport,
  PluginSource as SourceMessage,
  UpdatePluginRequest,
} from '../../gen/troupe/admin/v1/admin.ts';
import type { CallContext, ServiceImplementation } from '../../ports/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type {
  DeactivateOptions,
  InstallOptions,
  Lifecycle,
  OperationOptions,
  PluginSource,
} from '../lifecycle/types.ts';
import type { PluginLogs } from '../logs/index.ts';
import { pluginMessage } from './messages.ts';
import { principalOf } from './principal.ts';
import { runOperation } from './run-operation.ts';

/** The methods that change a plugin. */
export type OperationMethods = Pick<
  ServiceImplementation<typeof AdminServiceService>,
  | 'installPlugin'
  | 'activatePlugin'
  | 'deactivatePlugin'
  | 'updatePlugin'
  | 'rollbackPlugin'
  | 'resetPlugin'
  | 'quarantinePlugin'
  | 'uninstallPlugin'
  | 'consentPlugin'
>;

type Run = (
  context: CallContext,
  operation: (options: OperationOptions) => Promise<PluginRow>,
) => AsyncGenerator<{ report: OperationReport }, void>;

/** The methods over a lifecycle. The log of a plugin is removed together with its data. */
export function operationMethods(lifecycle: Lifecycle, logs: Pick<PluginLogs, 'remove'>): OperationMethods {
  const run: Run = (context, operation) => {
    // A1. Before the first report, so that the refusal is the status of the call.
    const principal = principalOf(context.metadata);
    return reports((onProgress) => finished(lifecycle, operation({ principal, onProgress })));
  };
  return {
    installPlugin: (request, context) =>
      run(context, (options) =>
        lifecycle.install(sourceOf(request.source), {
          ...options,
          ...installOptions(request),
          activate: request.activate,
        }),
      ),
    updatePlugin: (request, context) =>
      run(context, (options) =>
        lifecycle.update(request.name, sourceOf(request.source), { ...options, ...installOptions(request) }),
      ),
    activatePlugin: ({ name }, context) => run(context, (options) => lifecycle.activate(name, options)),
    deactivatePlugin: ({ name, dependents }, context) =>
      run(context, (options) => lifecycle.deactivate(name, { ...options, dependents: policyOf(dependents) })),
    rollbackPlugin: ({ name, version }, context) =>
      run(context, (options) => lifecycle.rollback(name, { ...options, ...(version === '' ? {} : { version }) })),
    resetPlugin: ({ name }, context) => run(context, (options) => lifecycle.reset(name, options)),
    quarantinePlugin: ({ name, reason }, context) =>
      run(context, (options) => {
        if (reason === '') throw new InvalidOptionsError('reason', 'must not be empty');
        return lifecycle.quarantine(name, { ...options, reason });
      }),
    consentPlugin: ({ name, permissions, digest }, context) =>
      run(context, async (options) => {
        // Nobody consents to what nobody has looked at.
        if (permissions.length === 0 && digest === '')
          throw new InvalidOptionsError('permissions', 'must not be empty');
        const wanted = permissions.length > 0 ? permissions : (await lifecycle.get(name)).row.awaitingConsent;
        return lifecycle.consent(name, wanted, { ...options, ...(digest === '' ? {} : { digest }) });
      }),
    uninstallPlugin: ({ name, dependents, removeData }, context) => {
      const principal = principalOf(context.metadata);
      return reports(async (onProgress) => {
        await lifecycle.uninstall(name, { principal, onProgress, removeData, dependents: policyOf(dependents) });
        if (removeData) await logs.remove(name);
        return { report: { $case: 'removed', value: { name } } };
      });
    },
  };
}

async function* reports(
  operation: Parameters<typeof runOperation>[0],
): AsyncGenerator<{ report: OperationReport }, void> {
  for await (const report of runOperation(operation)) yield { report };
}

async function finished(lifecycle: Lifecycle, operation: Promise<PluginRow>): Promise<OperationReport> {
  const row = await operation;
  // The process is told, too, if there still is one by now.
  const process = lifecycle.plugin(row.slug)?.status();
  return { report: { $case: 'plugin', value: pluginMessage(row, process) } };
}

function installOptions({
  consent,
  consentAll,
  allowDowngrade,
}: InstallPluginRequest | UpdatePluginRequest): Pick<InstallOptions, 'consent' | 'allowDowngrade'> {
  return { consent: consentAll ? 'all' : consent, allowDowngrade };
}

function sourceOf(message: SourceMessage | undefined): PluginSource {
  const source = message?.source;
  if (source === undefined) throw new InvalidOptionsError('source', 'is missing');
  switch (source.$case) {
    case 'directory':
    case 'archive': {
      // A relative one would start from wherever the host was started.
      if (!isAbsolute(source.value))
        throw new InvalidOptionsError('source', `must be an absolute path, got ${source.value}`);
      return { kind: source.$case, path: source.value };
    }
    case 'url':
      return { kind: 'url', url: source.value };
    case 'bytes':
      return { kind: 'bytes', bytes: source.value };
  }
}

function policyOf(dependents: Dependents): NonNullable<DeactivateOptions['dependents']> {
  switch (dependents) {
    case Dependents.DEPENDENTS_CASCADE:
      return 'cascade';
    case Dependents.DEPENDENTS_IGNORE:
      return 'ignore';
    default:
      return 'refuse';
  }
}
