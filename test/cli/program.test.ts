import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

const COLUMNS = 80;

describe('the help', () => {
  it.each(helps())('of $path fits 80 columns and ends with a line break', ({ text }) => {
    expect(text.split('\n').filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(text).toMatch(/[^\n]\n$/);
  });

  it.each(helps())('of $path says no default twice', ({ text }) => {
    expect(text.replace(/\s+/g, ' ')).not.toMatch(/\(default[^()]*\) \(default/);
  });

  it('of the group names each command once, with what it is for', () => {
    const { text } = helps().find(({ path }) => path === 'troupe plugin') ?? { text: '' };

    const names = [...text.matchAll(/^ {2}([a-z-]+) .*\S/gm)].map(([, name]) => name).filter((name) => name !== '-h');
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['init', 'dev', 'pack', 'ls', 'install', 'doctor']));
  });
});

describe('run', () => {
  it('says of a path of 5,000 characters that it cannot be read, and of no defect', async () => {
    const running = createProgram(() => {}).parseAsync(['run', 'x'.repeat(5000)], { from: 'user' });

    await expect(running).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });
});

// Helpers

function helps(): { readonly path: string; readonly text: string }[] {
  return commandsOf(
    createProgram(() => {}),
    [],
  ).map(({ command, path }) => {
    let text = '';
    command.configureOutput({
      writeOut: (part) => {
        text += part;
      },
      getOutHelpWidth: () => COLUMNS,
    });
    command.outputHelp();
    return { path, text };
  });
}

function commandsOf(
  command: Command,
  above: readonly string[],
): { readonly command: Command; readonly path: string }[] {
  const path = [...above, command.name()];
  const inner = command.commands.flatMap((each) => commandsOf(each, path));
  return [{ command, path: path.join(' ') }, ...inner];
}
