import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { WeirError } from '../core/index.ts';
import { type ControlApiOptions, controlApi } from './control-api.ts';

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the control API on 127.0.0.1 only; port 0 takes a free one.
 *
 * @throws WeirError `E_USAGE` if the port is taken or not allowed
 */
export function startHttp(port: number, options: ControlApiOptions): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: controlApi(options).fetch, hostname: '127.0.0.1', port }, ({ port: bound }: AddressInfo) =>
      resolve({ url: `http://127.0.0.1:${bound}`, close: () => close(server) }),
    );
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new WeirError('E_USAGE', `--http ${port}: ${error.message}`, { cause: error, hint: 'name a free port, or 0 for any' }),
      ),
    );
  });
}

function close(server: ServerType): Promise<void> {
  if ('closeAllConnections' in server) server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
