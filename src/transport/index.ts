export type { Bus, Subscription } from './bus.ts';
export type { ChannelId, ChannelReceiver, ChannelSender, Frame, Transport } from './channel.ts';
export { defaultWindow, type Grant, ReceiverCredit, SenderCredit, type Window } from './credit.ts';
export { MemoryTransport, type MemoryTransportOptions } from './memory/memory-transport.ts';
export { NatsTransport, type NatsTransportOptions } from './nats/nats-transport.ts';
export { PlacedTransport } from './placed-transport.ts';
export { PortBus } from './threads/port-bus.ts';
export { PortLinks } from './threads/port-links.ts';
export { PortTransport, type PortTransportOptions } from './threads/port-transport.ts';
