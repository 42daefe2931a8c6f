import { definePlugin, operation, servePlugin } from 'troupe/sdk';

await servePlugin(definePlugin({ name: 'greeter', operations: { greet: operation({ execute: () => 'hello' }) } }));
