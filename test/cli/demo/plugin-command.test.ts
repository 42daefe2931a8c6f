import { describe, expect, it } from 'vitest';
import { pluginCommand } from '../../../src/cli/demo/plugin-command.ts';

describe('pluginCommand', () => {
  it('starts the TypeScript file, with its condition, when the demo runs from its sources', () => {
    expect(pluginCommand('steady', 'file:///p/src/cli/demo/plugin-command.ts', '/p/package.json')).toEqual({
      command: process.execPath,
      args: ['--conditions=source', '/p/src/cli/demo/plugins/steady.ts'],
    });
  });

  it('starts the JavaScript file of the package when the demo was built, wherever its own file went', () => {
    expect(pluginCommand('steady', 'file:///p/dist/shared/ABCDEFGH.js', '/p/package.json')).toEqual({
      command: process.execPath,
      args: ['/p/dist/cli/demo/plugins/steady.js'],
    });
  });
});
