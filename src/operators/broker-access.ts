/** What a source or sink does on a NATS server, as far as the permissions of a user can tell it apart. */
export type BrokerAccess = {
  /** Not on the servers of the job, but on these. */
  readonly servers?: readonly string[];
} & (
  | { readonly kind: 'read-stream'; readonly stream: string }
  | {
      readonly kind: 'write-stream';
      readonly stream: string;
      /** All that it publishes on, fences too; null: the plan does not tell. */
      readonly subjects: readonly string[] | null;
      /** Looks for what it wrote among what others did, by consumers of its own. */
      readonly shared: boolean;
    }
  | { readonly kind: 'write-bucket'; readonly bucket: string }
  | { readonly kind: 'subscribe'; readonly subject: string }
  /** Null: the plan does not tell. */
  | { readonly kind: 'publish'; readonly subject: string | null }
);
