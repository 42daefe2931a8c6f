import { describe, expect, it } from 'vitest';
import { findProgram, peerAvailability } from './availability.ts';

describe('peerAvailability', () => {
  it('names the 1 program that is missing', () => {
    expect(peerAvailability('openssl', { PATH: '/nowhere' })).toEqual({
      available: false,
      reason: 'peer "openssl" needs openssl',
    });
  });

  it('names 3 missing programs of the Go peer', () => {
    const availability = peerAvailability('go', { PATH: '' });

    expect(availability).toHaveProperty('reason', expect.stringContaining('go, protoc, protoc-gen-go'));
  });

  it('asks Python for the modules of 3 packages, and for protoc', () => {
    const availability = peerAvailability('python', { PATH: '/nowhere' });

    expect(availability).toHaveProperty('reason', expect.stringMatching(/^peer "python" needs .*\bprotoc\b/));
  });
});

describe('findProgram', () => {
  it('takes a path as it is, whatever the PATH', () => {
    expect(findProgram(process.execPath, '')).toBe(process.execPath);
    expect(findProgram('/nowhere/at/all', '/bin')).toBeUndefined();
  });
});
