// An operation of the host as a person sees it: steps on standard error, the end on standard output.

import { RuntimeError } from '../../errors/index.ts';
import type { OperationReport, PluginInfo } from '../../gen/troupe/admin/v1/admin.ts';
import { jsonLine } from '../json-line.ts';
import { oneLine } from '../printable.ts';
import type { AdminFlags } from './admin-command.ts';
import { errorOf, withAdmin } from './admin-client.ts';
import type { AdminClient } from './admin-client.ts';
import { pluginJson, pluginLine } from './plugin-view.ts';

/** Messages of an operation. */
export type Reports = AsyncIterable<{ readonly report?: OperationReport | undefined }>;

/** How an operation is shown. */
export interface ShowOptions {
  /** The line at the end. Default: what the plugin is now. */
  readonly text?: (plugin: PluginInfo | undefined) => string;
}

/** Runs an operation of the host of a data directory, and prints how it ends. Rejects with what it failed with. */
export async function showOperation(
  { data, json = false }: AdminFlags,
  call: (admin: AdminClient) => Reports,
  { text = lineOf }: ShowOptions = {},
): Promise<void> {
  const plugin = await withAdmin(data, (admin) => lastOf(call(admin), json ? () => {} : showStep()));
  const asJson = (): string => jsonLine({ plugin: plugin === undefined ? null : pluginJson(plugin) });
  process.stdout.write(json ? asJson() : `${text(plugin)}\n`);
}

function lineOf(plugin: PluginInfo | undefined): string {
  return plugin === undefined ? 'done' : pluginLine(plugin);
}

/** The plugin at the end; undefined when it is gone. */
async function lastOf(reports: Reports, onStep: (text: string) => void): Promise<PluginInfo | undefined> {
  for await (const { report } of reports) {
    const last = report?.report;
    switch (last?.$case) {
      case 'step':
        onStep(last.value.plugin === '' ? last.value.step : `${last.value.plugin}: ${last.value.step}`);
        break;
      case 'plugin':
        return last.value;
      case 'removed':
        return undefined;
      case 'error':
        throw errorOf(last.value);
      case undefined:
        // A newer host may tell more than this command knows.
        break;
    }
  }
  throw new RuntimeError('UNAVAILABLE', 'the host went away before it said how the operation ended');
}

/** One line for each step. */
function showStep(): (text: string) => void {
  let previous = '';
  return (text) => {
    if (text !== previous) process.stderr.write(`${oneLine(text)}…\n`);
    previous = text;
  };
}
