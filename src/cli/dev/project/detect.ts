import { RuntimeError } from '../../../errors/index.ts';
import type { ProjectFacts } from './project-facts.ts';
import { LANGUAGES, TOOLCHAINS } from './toolchains.ts';
import type { Language, ToolchainName } from './toolchains.ts';

/**
 * Which toolchain builds what is in a directory. What the manifest says under `build.command` comes before all marks; a
 * language that somebody names comes before that.
 *
 * @throws PROJECT_UNKNOWN without a mark, PROJECT_AMBIGUOUS with marks of several toolchains
 */
export function detectToolchain(facts: ProjectFacts, lang: Language | 'auto'): ToolchainName {
  if (lang !== 'auto') return lang;
  if (TOOLCHAINS.custom.matches(facts)) return 'custom';
  const matching = LANGUAGES.filter((name) => TOOLCHAINS[name].matches(facts));
  const [only, ...others] = matching;
  if (only === undefined) {
    const wanted = 'package.json, tsconfig.json, go.mod, Cargo.toml, or a plugin.yaml with run.node or build';
    throw new RuntimeError('PROJECT_UNKNOWN', `${facts.directory} has none of ${wanted}`);
  }
  if (others.length === 0) return only;
  const marks = matching.map((name) => `${TOOLCHAINS[name].mark(facts)} (${name})`).join(' and ');
  throw new RuntimeError('PROJECT_AMBIGUOUS', `${facts.directory} has ${marks}; say which one with --lang`, {
    details: { toolchains: matching },
  });
}
