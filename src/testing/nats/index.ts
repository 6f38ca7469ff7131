/** A NATS server in memory, and real clients of it. */
export { type ClientLink, type ServerClock, type ServerSide, SimulatedServer } from './simulated-server.ts';
export type { StoredMessage } from './simulated-stream.ts';
export { connectSimulated, type Dial, type Line } from './simulated-transport.ts';
