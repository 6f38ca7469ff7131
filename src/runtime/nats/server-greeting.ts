import { connect } from 'node:net';

/** What a server says of itself to whoever connects. */
export interface ServerGreeting {
  readonly version: string;
  /** Whether it keeps streams. */
  readonly jetStream: boolean;
  /** Whether a client has to show a certificate. */
  readonly asksForCertificate: boolean;
}

/** Connects, hears the greeting, and leaves; so the server does take connections. */
export function serverGreeting(port: number, timeoutMs: number, host = '127.0.0.1'): Promise<ServerGreeting> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, timeout: timeoutMs });
    let heard = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no greeting within ${timeoutMs} ms`)));
    socket.once('close', () => fail(new Error('the connection was closed before a greeting')));
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      const line = /^INFO (\{.*\})\s*\r\n/.exec(heard)?.[1];
      if (line === undefined) return;
      const { version, jetstream, tls_verify } = JSON.parse(line) as {
        version: string;
        jetstream?: boolean;
        tls_verify?: boolean;
      };
      resolve({ version, jetStream: jetstream === true, asksForCertificate: tls_verify === true });
      socket.destroy();
    });
  });
}
