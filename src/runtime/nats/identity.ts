/**
 * Who connects, and the proof of it.
 *
 * Owns: the choice among what the layers say, and the files that a proof is in. They are read at each connection: what is in
 * them may be renewed while a job runs. One that cannot be read just then counts as it was before.
 * Does not own: the choice among the layers' other fields.
 */
import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { WeirError } from '../../core/index.ts';
import { first, type Layer, type Said, saysWho } from './option-layers.ts';

/** `from` is the flag, variable or field that says so. */
export type Identity =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly user: string; readonly password: string; readonly from: string }
  | { readonly kind: 'token'; readonly token: string; readonly from: string }
  | { readonly kind: 'creds' | 'nkey'; readonly file: string; readonly from: string };

/** @param layers flags, environment, context */
export function identityOf(layers: readonly [Layer, Layer, Layer], path: (file: string) => string): Identity {
  const layer = layers.find(saysWho);
  if (layer === undefined) return { kind: 'none' };
  const { user, creds, nkey, token } = layer.said;
  if (user !== undefined)
    return userOf(user, first(layer === layers[2] ? layers : layers.slice(0, 2), 'password'), layer === layers[2]);
  if (creds !== undefined) return { kind: 'creds', file: path(creds.value), from: creds.from };
  if (nkey !== undefined) return { kind: 'nkey', file: path(nkey.value), from: nkey.from };
  return { kind: 'token', token: token!.value, from: token!.from };
}

/** For people; no secret in it. */
export function nameOf(identity: Identity): string {
  switch (identity.kind) {
    case 'none':
      return 'a client without credentials';
    case 'user':
      return `user '${identity.user}' (${identity.from})`;
    case 'token':
      return `the token (${identity.from})`;
    default:
      return `the user of ${identity.file} (${identity.from})`;
  }
}

/**
 * What answers the server's challenge.
 *
 * @throws E_USAGE if the file of the proof cannot be read now, or is none
 */
export function authenticatorOf(identity: Identity): Authenticator | undefined {
  switch (identity.kind) {
    case 'none':
      return undefined;
    case 'user':
      return usernamePasswordAuthenticator(identity.user, identity.password);
    case 'token':
      return tokenAuthenticator(identity.token);
    case 'creds':
      return fromFile(identity, (text) => credsAuthenticator(Buffer.from(text)));
    case 'nkey':
      return fromFile(identity, (text) => nkeyAuthenticator(Buffer.from(seedIn(text))));
  }
}

/** As the nats command has it: a user without a password is a token, but not in a context, where both have a field. */
function userOf(user: Said, password: Said | undefined, inContext: boolean): Identity {
  if (password === undefined && !inContext) return { kind: 'token', token: user.value, from: user.from };
  return { kind: 'user', user: user.value, password: password?.value ?? '', from: user.from };
}

function fromFile({ file, from }: { file: string; from: string }, make: (text: string) => Authenticator): Authenticator {
  const fresh = (): Authenticator => {
    const authenticator = make(readFileSync(file, 'utf8'));
    authenticator('a challenge'); // it throws if the file is not what it should be
    return authenticator;
  };
  let last: Authenticator;
  try {
    last = fresh();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_USAGE', `${from}: ${file} has no credentials that can be read: ${said}`, {
      cause: error,
      hint: 'name a file as `nsc generate creds` or `nk -gen user` writes it',
    });
  }
  return (nonce) => {
    try {
      last = fresh();
    } catch {
      // It is being replaced, or was removed: the server will say whether the old ones still do.
    }
    return last(nonce);
  };
}

function seedIn(text: string): string {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
  if (seed === undefined) throw new Error('there is no seed of a user in it');
  return seed;
}
