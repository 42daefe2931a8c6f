import { definePlugin, isRuntimeError, servePlugin } from 'troupe/sdk';
import type { Mails, Orders } from './events.ts';

const mailer = definePlugin<Orders, Mails>({
  name: 'mailer',
  version: '1.0.0',
  on: {
    'order.placed': async ({ payload: { order, amount } }, { emit }) => {
      if (amount < 0) throw new Error(`order ${order} has no amount`);
      await emit({ type: 'mail.queued', payload: { order, text: 'thank you' } });
    },
    'order.cancelled': async ({ payload: { order } }, { emit }) => {
      try {
        // The host lets this plugin emit `mail.*` only.
        await emit({ type: 'payment.returned', payload: { order } });
      } catch (error) {
        if (!isRuntimeError(error)) throw error;
        await emit({ type: 'mail.queued', payload: { order, text: `ask the bank: ${error.code}` } });
      }
    },
  },
});

await servePlugin(mailer);
