import { RuntimeError } from '../../errors/index.ts';
import { IS_OF_TYPE } from './cross-checks.ts';
import type { Manifest } from './schema.ts';

/**
 * The configuration that a plugin gets: what was given, and the defaults of its manifest. Undefined when the manifest names
 * no field and nothing was given.
 *
 * @throws PLUGIN_CONFIG_INVALID with everything that is wrong in `details.problems`; values are not shown
 */
export function pluginConfig(manifest: Manifest, given: unknown): Readonly<Record<string, unknown>> | undefined {
  const fields = Object.entries(manifest.config);
  if (fields.length === 0 && given === undefined) return undefined;
  const values = given === undefined ? {} : given;
  if (!IS_OF_TYPE.object(values)) throw invalid(manifest, ['config must be a mapping']);
  const byName = values as Readonly<Record<string, unknown>>;
  const known = new Set(fields.map(([name]) => name));
  const problems = Object.keys(byName)
    .filter((name) => !known.has(name))
    .map((name) => `config.${name} is not a field of the plugin; fields are ${[...known].join(', ') || 'none'}`);
  const resolved: [string, unknown][] = [];
  for (const [name, field] of fields) {
    const value = (Object.hasOwn(byName, name) ? byName[name] : undefined) ?? field.default;
    if (value === undefined) {
      if (field.required) problems.push(`config.${name} is missing; the plugin requires it`);
      continue;
    }
    if (!IS_OF_TYPE[field.type](value)) problems.push(`config.${name} must be of the type ${field.type}`);
    else if (field.enum !== undefined && !field.enum.includes(value as string | number)) {
      problems.push(`config.${name} must be one of ${field.enum.join(', ')}`);
    }
    resolved.push([name, value]);
  }
  if (problems.length > 0) throw invalid(manifest, problems);
  return Object.fromEntries(resolved);
}

function invalid({ name }: Manifest, problems: readonly string[]): RuntimeError {
  const text = `the configuration of plugin "${name}" has ${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return new RuntimeError('PLUGIN_CONFIG_INVALID', `${text}: ${problems.join('; ')}`, { details: { problems } });
}
