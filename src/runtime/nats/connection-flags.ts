import { Option } from 'commander';

/** What the options of `connectionFlags` leave behind. */
export interface ConnectionFlags {
  readonly nats?: string;
  readonly server?: string;
  readonly user?: string;
  readonly password?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  readonly tlsca?: string;
  readonly context?: string;
  readonly jsDomain?: string;
  readonly inboxPrefix?: string;
  readonly timeout?: string;
}

/** The flags of each command that connects, named as the nats command has them; new ones at each call. */
export function connectionFlags(): Option[] {
  return [
    new Option('--nats <url>', 'the NATS server, such as nats://127.0.0.1:4222; several with commas (NATS_URL)'),
    new Option('-s, --server <url>', 'the same, as the nats command has it'),
    new Option('--user <name>', 'user; a token, if there is no password (NATS_USER)'),
    new Option('--password <text>', 'better in the environment (NATS_PASSWORD)'),
    new Option('--creds <file>', 'JWT and seed of a user (NATS_CREDS)'),
    new Option('--nkey <file>', 'seed of a user (NATS_NKEY)'),
    new Option('--tlscert <file>', 'own certificate (NATS_CERT)'),
    new Option('--tlskey <file>', 'its private key (NATS_KEY)'),
    new Option('--tlsca <file>', 'certificates to trust; then the connection is encrypted, or is none (NATS_CA)'),
    new Option('--context <name>', 'a context of the nats command (NATS_CONTEXT)'),
    new Option('--js-domain <name>', 'the JetStream domain'),
    new Option('--inbox-prefix <subject>', 'for replies, instead of _INBOX'),
    new Option('--timeout <duration>', 'how long the server may take to answer: 5s, 500ms (NATS_TIMEOUT)'),
  ];
}
