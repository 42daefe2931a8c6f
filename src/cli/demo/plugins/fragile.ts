// The plugin of the demo that ends itself; its configuration says when.

import { serveWorker } from '../worker.ts';

void serveWorker('fragile');
