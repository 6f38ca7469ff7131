import { WeirError } from '../../core/index.ts';

export interface ServerUrls {
  /** `host:port` each, without credentials. */
  readonly servers: readonly string[];
  /** One of them is a `tls://` URL. */
  readonly tls: boolean;
  /** `nats://user:password@host`; a user alone is a token. */
  readonly user?: string;
  readonly password?: string;
}

const defaultPort = '4222';

/**
 * One URL, or several with commas between them, all of one cluster.
 *
 * @param from where the text is from, as a message should name it
 * @throws E_USAGE; the message has no credentials in it
 */
export function serverUrls(text: string, from: string): ServerUrls {
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => serverUrl(part, from));
  if (urls.length === 0) throw refused(from, 'it is empty');
  const users = urls.filter(({ username }) => username !== '');
  const [first] = users;
  if (users.some(({ username, password }) => username !== first?.username || password !== first.password))
    throw refused(from, 'its URLs have different credentials: one job is one user');
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? defaultPort : port}`),
    tls: urls.some(({ protocol }) => protocol === 'tls:'),
    ...(first === undefined ? {} : { user: decoded(first.username) }),
    ...(first === undefined || first.password === '' ? {} : { password: decoded(first.password) }),
  };
}

function serverUrl(text: string, from: string): URL {
  const shown = text.slice(text.lastIndexOf('@') + 1); // whatever stands before it may be a password
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? 'nats';
  if (scheme !== 'nats' && scheme !== 'tls') throw refused(from, `${scheme}:// is not spoken here`);
  let url: URL | undefined;
  try {
    url = new URL(`${scheme}://${text.replace(/^[^:/]+:\/\//, '')}`);
  } catch {
    url = undefined; // its error would show the whole text
  }
  if (url === undefined || url.hostname === '' || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    throw refused(from, `'${shown}' is no address of a server`);
  return url;
}

/** What is no percent-encoding is meant as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const refused = (from: string, why: string): WeirError =>
  new WeirError('E_USAGE', `${from}: ${why}`, { hint: 'write nats://host:4222 or tls://host:4222, several with commas' });
