import { servePlugin, service } from 'troupe/sdk';
import { CalculatorService } from './contract.ts';

const calculator = service(CalculatorService, {
  divide({ dividend, divisor }) {
    if (divisor === 0) {
      // A defect: a good plugin would throw, and its caller would get the error. This one takes its process down.
      console.error('calculator: cannot divide by zero');
      process.exit(7);
    }
    return { quotient: dividend / divisor };
  },
});

await servePlugin({ name: 'calculator', services: [calculator] });
