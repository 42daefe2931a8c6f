export { createHostChannelLogic } from './host-channel.actor.ts';
export type { ChannelFacts, HostChannelPorts } from './host-channel.actor.ts';
