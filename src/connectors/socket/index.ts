import { socketSource } from './socket-source.ts';

export type { SocketSourceOptions } from './socket-source.ts';

/** Lines of a TCP connection. */
export const socket: { readonly source: typeof socketSource } = { source: socketSource };
