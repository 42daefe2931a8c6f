import { describe, expect, it } from 'vitest';
import { methodOf } from '../../src/ports/method-of.ts';
import type { ServedService } from '../../src/ports/index.ts';

const EVERY_OBJECT_HAS = Object.getOwnPropertyNames(Object.prototype);

describe('methodOf', () => {
  it.each(EVERY_OBJECT_HAS)('finds no %s in an empty object, nor in an object of an empty class', (name) => {
    expect(methodOf({}, name)).toBeUndefined();
    expect(methodOf(new (class Empty {})() as ServedService['implementation'], name)).toBeUndefined();
  });

  it.each(EVERY_OBJECT_HAS.filter((name) => name !== '__proto__'))('finds a %s that is the own one', (name) => {
    const own = (): void => {};

    expect(methodOf({ [name]: own }, name)).toBe(own);
  });

  it('finds methods of a class, of the class above, and of an object that answers every name', () => {
    class Base {
      valueOf(): string {
        return 'base';
      }
    }
    class Service extends Base {
      override toString(): string {
        return 'service';
      }
    }
    const service = new Service() as unknown as ServedService['implementation'];
    const any = new Proxy({}, { get: () => Service.prototype.toString });

    expect(methodOf(service, 'toString')).toBe(Service.prototype.toString);
    expect(methodOf(service, 'valueOf')).toBe(Base.prototype.valueOf);
    expect(methodOf(any, 'put')).toBe(Service.prototype.toString);
  });
});
