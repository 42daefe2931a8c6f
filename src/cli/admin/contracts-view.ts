import type { PluginContracts } from '../../gen/troupe/admin/v1/admin.ts';
import { oneLine } from '../printable.ts';

type Offered = PluginContracts['operations'][number];

/** What a plugin offers, as it is printed with `--json`. */
export function contractsJson({
  operations,
  steps,
  error,
  ...rest
}: PluginContracts): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    operations: operations.map(offeredJson),
    steps: steps.map(offeredJson),
    error: error === undefined ? null : { code: error.code, message: error.message },
  };
}

/** What the plugins offer, one below the other. */
export function contractsText(plugins: readonly PluginContracts[]): string {
  if (plugins.length === 0) return 'no plugin runs on this host\n';
  return plugins.map(linesOf).join('\n');
}

function linesOf(contracts: PluginContracts): string {
  const { plugin, version, kinds, services, operations, steps, subscribes, emits, error } = contracts;
  const lines = [
    oneLine(`${plugin} ${version}  ${kinds.join(', ')}`),
    ...services.map((each) => line('service', `${each.service} ${each.version}`)),
    ...operations.map((each) => line('operation', offeredText(each))),
    ...steps.map((each) => line('step', offeredText(each))),
    ...subscribes.map((pattern) => line('gets', pattern)),
    ...emits.map((pattern) => line('emits', pattern)),
    ...(error === undefined ? [] : [line('problem', `[${error.code}] ${error.message}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function line(what: string, text: string): string {
  return `  ${what.padEnd(10)} ${oneLine(text)}`;
}

function offeredText({ name, description }: Offered): string {
  return description === '' ? name : `${name}  ${description}`;
}

function offeredJson({ name, description, inputSchemaJson }: Offered): Readonly<Record<string, unknown>> {
  return { name, description, inputSchema: inputSchemaJson === '' ? null : (JSON.parse(inputSchemaJson) as unknown) };
}
