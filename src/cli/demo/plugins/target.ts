// The plugin of the demo that is killed from outside.

import { serveWorker } from '../worker.ts';

void serveWorker('target');
