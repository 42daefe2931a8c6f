#!/usr/bin/env node
// The start of the command line.
//
// Invariants:
//   M1. Everything that is imported before the version is checked loads on much older versions of Node.js too, so that
//       they end with one clear sentence and not with a syntax error. All else comes by the dynamic import.

import { requireSupportedNode } from '../ports/runtime-version.ts';
import { errorText } from './error-text.ts';

function main(): void {
  try {
    requireSupportedNode();
  } catch (error) {
    process.stderr.write(errorText(error));
    process.exitCode = 1;
    return;
  }
  void import('./program.ts')
    .then(({ runProgram }) => runProgram(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
}

main();
