import { servePlugin, service } from 'troupe/sdk';
import { GreeterService } from './contract.ts';

await servePlugin({
  name: 'greeter',
  services: [service(GreeterService, { greet: ({ name }) => ({ text: `hello, ${name}`, pid: process.pid }) })],
});
