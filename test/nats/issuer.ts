import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const unlimited = { subs: -1, data: -1, payload: -1 };

/** An operator with one account: what a server with JWTs trusts, and who makes credentials for it. */
export class Issuer {
  readonly #operator: KeyPair = nkeys.createOperator();
  readonly #account: KeyPair = nkeys.createAccount();
  readonly #system: KeyPair = nkeys.createAccount();

  /** Settings of a server that trusts it. */
  get config(): string {
    const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
    const accounts = [
      [this.#account.getPublicKey(), storage],
      [this.#system.getPublicKey(), {}], // JetStream needs one
    ] as const;
    const preload = accounts.map(([subject, more]) => {
      const limits = { ...unlimited, ...more, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
      return `${subject}: ${jwt(this.#operator, subject, 'account', { limits })}`;
    });
    return [
      `operator: ${jwt(this.#operator, this.#operator.getPublicKey(), 'operator', {})}`,
      `system_account: ${accounts[1][0]}`,
      'resolver: MEMORY',
      `resolver_preload { ${preload.join(', ')} }`,
    ].join('\n');
  }

  /** A new user's file, with JWT and seed. */
  credentials(expires?: Date): string {
    const user = nkeys.createUser();
    const token = jwt(this.#account, user.getPublicKey(), 'user', { pub: {}, sub: {}, ...unlimited }, expires);
    const part = (what: string, value: string): string => `-----BEGIN ${what}-----\n${value}\n------END ${what}------\n\n`;
    return part('NATS USER JWT', token) + part('USER NKEY SEED', text(user.getSeed()));
  }
}

function jwt(issuer: KeyPair, subject: string, type: string, claims: object, expires?: Date): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const body = {
    jti: subject,
    iat: 1_700_000_000,
    iss: issuer.getPublicKey(),
    name: type,
    sub: subject,
    ...(expires === undefined ? {} : { exp: Math.ceil(expires.getTime() / 1000) }),
    nats: { ...claims, type, version: 2 },
  };
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}
