import { invariant } from '../core/index.ts';

const blobIdForm = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;

/** Names of blobs, cells and journals alike: no character that a store uses between its own parts. */
export function checkStoreName(name: string): string {
  invariant(blobIdForm.test(name) && name.length <= 1024, `S6: a stored name is path-like, got ${JSON.stringify(name)}`);
  return name;
}
