// What the development loop says, as people see it.

import type { DevLoopFact, LogTailFact } from '../../machines/index.ts';
import { errorText } from '../error-text.ts';
import { oneLine } from '../printable.ts';
import type { Style } from '../style.ts';
import { permissionLines } from './compare-permissions.ts';

/** Text for standard output, and text for standard error. */
export interface FactText {
  readonly out?: string;
  readonly error?: string;
}

/** Lines for one fact; nothing for facts that say nothing new. `canAsk`: somebody sits there who can be asked. */
export function factLines(fact: DevLoopFact, paint: Style, canAsk: boolean): FactText {
  switch (fact.type) {
    case 'project.detected':
      return { out: `found a plugin for ${fact.project.toolchain}\n` };
    case 'build.finished': {
      const { name, version, digest } = fact.artifact;
      return { out: `built ${paint('strong', oneLine(name))} ${oneLine(version)} (${digest.slice(0, 12)})\n` };
    }
    case 'permissions.compared':
      return { out: permissionText(fact, paint) };
    case 'consent.asked':
      return canAsk ? {} : { error: waitingText(fact.permissions) };
    case 'consent.refused':
      return { out: `${paint('busy', 'not uploaded')}: nobody consented\n` };
    case 'sources.superseded':
      return { out: `${paint('faint', 'the sources have changed; builds anew')}\n` };
    case 'plugin.serving':
      return { out: servingText(fact, paint) };
    case 'round.failed':
      return { error: errorText(fact.error) };
    case 'watch.began':
      return { out: `${paint('faint', 'watches for changes; Ctrl+C stops')}\n` };
    case 'watch.troubled':
      return { error: `warning: the watcher: ${oneLine(fact.message)}\n` };
    case 'build.started':
    case 'upload.started':
    case 'upload.accepted':
      return {};
  }
}

/** Lines for what the tail of a log says. */
export function tailLines(fact: LogTailFact, paint: Style): FactText {
  switch (fact.type) {
    case 'logs.read': {
      const { entries, lost } = fact.page;
      const gap = lost === 0 ? '' : `${paint('busy', `… ${lost} lines were lost`)}\n`;
      const lines = entries.map(
        ({ at, level, message }) =>
          `${paint('faint', new Date(at).toISOString())} ${oneLine(level).padEnd(5)} ${oneLine(message)}\n`,
      );
      return { out: gap + lines.join('') };
    }
    case 'logs.lost':
      return { error: `warning: the log cannot be read (${oneLine(fact.error.rawMessage)}); tries again\n` };
    case 'logs.resumed':
      return { error: 'the log is read again\n' };
    case 'logs.refused':
      return { error: `warning: there is no log: ${oneLine(fact.error.rawMessage)}\n` };
  }
}

type Compared = Extract<DevLoopFact, { type: 'permissions.compared' }>;
type Serving = Extract<DevLoopFact, { type: 'plugin.serving' }>;

function permissionText({ change, isFirst }: Compared, paint: Style): string {
  const lines = permissionLines(change, isFirst).map((line) => {
    if (line.startsWith('=')) return line;
    return paint(line.startsWith('+') ? 'busy' : 'good', line);
  });
  return lines.length === 0 ? '' : `permissions:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function waitingText(permissions: readonly string[]): string {
  const list = oneLine(permissions.join(', '));
  return `waits for consent to ${list}: start again with --yes, or take it out of the manifest\n`;
}

function servingText({ answer }: Serving, paint: Style): string {
  const { name, version, action, warnings } = answer;
  const notes = warnings.map((warning) => `warning: ${oneLine(warning)}\n`).join('');
  return `${notes}${paint('good', oneLine(action))} ${paint('strong', oneLine(name))} ${oneLine(version)}\n`;
}
