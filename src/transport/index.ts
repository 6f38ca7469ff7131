export type { ChannelId, ChannelReceiver, ChannelSender, Frame, Transport } from './channel.ts';
export { defaultWindow, type Grant, ReceiverCredit, SenderCredit, type Window } from './credit.ts';
export { MemoryTransport, type MemoryTransportOptions } from './memory/memory-transport.ts';
