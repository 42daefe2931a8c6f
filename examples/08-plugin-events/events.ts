// What host and plugin agree on: types of events, with what they carry. A type alias, as interfaces are open.

export type Orders = {
  'order.placed': { order: number; amount: number };
  'order.cancelled': { order: number };
};

export type Mails = {
  'mail.queued': { order: number; text: string };
  'payment.returned': { order: number };
};
