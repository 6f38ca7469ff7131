import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { WeirError } from '../core/index.ts';
import { type ControlApiOptions, controlApi } from './control-api.ts';

/** How long answers that are under way may take when the process ends. */
const lastAnswersMs = 1000;

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

/** Whoever stopped the job over this very server gets the answer. */
async function close(server: ServerType): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (!('closeAllConnections' in server)) return closed;
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), lastAnswersMs);
  await closed;
  clearTimeout(late);
}
