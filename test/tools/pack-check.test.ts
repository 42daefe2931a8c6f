import { describe, expect, it } from 'vitest';
import { ownErrors } from '../../tools/pack-check.ts';

describe('ownErrors', () => {
  it('keeps errors in the types of the package', () => {
    const line = "node_modules/troupe/dist/machines/index.d.ts(3,10): error TS2305: Module has no exported member 'x'.";

    expect(ownErrors(`${line}\n  a line that explains\n`)).toEqual([line]);
  });

  it('drops errors in the types of other packages, wherever they are installed', () => {
    const output = [
      "node_modules/xstate/dist/x.d.ts(1,1): error TS2304: Cannot find name 'y'.",
      "node_modules/@bufbuild/protobuf/x.d.ts(1,1): error TS2304: Cannot find name 'y'.",
      "node_modules/troupe/node_modules/zod/x.d.ts(1,1): error TS2304: Cannot find name 'y'.",
      "../../repo/node_modules/@types/node/x.d.ts(1,1): error TS2304: Cannot find name 'y'.",
    ];

    expect(ownErrors(output.join('\n'))).toEqual([]);
  });

  it('keeps errors of the program and of the options', () => {
    const output = ["doors.ts(1,1): error TS2307: Cannot find module 'troupe'.", "error TS2688: Cannot find 'node'."];

    expect(ownErrors(output.join('\n'))).toEqual(output);
  });
});
