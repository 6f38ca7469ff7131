/** Lists of what a client may do with JetStream, drawn by fast-check: what is asked in one depends on nothing but the list. */
import fc from 'fast-check';

export interface StreamShape {
  readonly discard: 'old' | 'new';
  readonly max_msgs: number;
  readonly max_msgs_per_subject: number;
  readonly discard_new_per_subject: boolean;
  readonly max_msg_size: number;
  readonly allow_direct: boolean;
  readonly allow_rollup_hdrs: boolean;
  readonly deny_delete: boolean;
  readonly deny_purge: boolean;
}
/** Of a sequence: counted from the stream's end, or 0. */
export type Expected = 'none' | 'right' | 'wrong' | 'zero';

export type Operation =
  | {
      readonly kind: 'publish';
      readonly subject: number;
      readonly id: number | null;
      readonly sequence: Expected;
      readonly ofSubject: Expected;
      readonly lastId: number | null;
      readonly stream: 'none' | 'right' | 'wrong';
      readonly rollup: 'none' | 'sub' | 'all';
      readonly size: number;
    }
  | {
      readonly kind: 'get';
      readonly by: 'seq' | 'last' | 'next';
      readonly subject: number;
      readonly seq: number;
      readonly direct: boolean;
    }
  | { readonly kind: 'remove'; readonly seq: number }
  | { readonly kind: 'purge'; readonly filter: number | null; readonly seq: number; readonly keep: number }
  | { readonly kind: 'info'; readonly subjects: boolean }
  | {
      readonly kind: 'consumer';
      readonly filter: number | null;
      readonly from: number;
      readonly policy: 'all' | 'sequence' | 'new' | 'last';
    }
  /** Of the consumer that was made last. */
  | { readonly kind: 'pull'; readonly batch: number; readonly bytes: number; readonly waits: boolean }
  | { readonly kind: 'drop consumer' }
  | { readonly kind: 'make again'; readonly otherwise: boolean }
  | { readonly kind: 'restart' }
  | {
      readonly kind: 'kv';
      readonly verb: 'create' | 'put' | 'update' | 'get' | 'delete' | 'purge';
      readonly key: number;
      readonly revision: Expected;
    }
  | { readonly kind: 'object'; readonly verb: 'put' | 'get' | 'delete' | 'info'; readonly name: number; readonly size: number };

export interface OperationList {
  readonly shape: StreamShape;
  readonly operations: readonly Operation[];
}

export const subjects = ['a', 'b.x', 'b.y', 'c'] as const;
/** What filters take of them. */
export const filters = ['a', 'b.*', '>', 'b.x'] as const;

const expected = fc.oneof(
  { weight: 6, arbitrary: fc.constant('none' as const) },
  { weight: 2, arbitrary: fc.constant('right' as const) },
  { weight: 1, arbitrary: fc.constantFrom('wrong' as const, 'zero' as const) },
);
const rarely = <T>(value: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });
const id = fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }) });
const subject = fc.integer({ min: 0, max: subjects.length - 1 });
const filter = fc.option(fc.integer({ min: 0, max: filters.length - 1 }), { nil: null });
const seq = fc.integer({ min: 0, max: 12 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      subject,
      id,
      sequence: expected,
      ofSubject: expected,
      lastId: rarely(null, id),
      stream: rarely<'none' | 'right' | 'wrong'>('none', fc.constantFrom('right', 'wrong')),
      rollup: rarely<'none' | 'sub' | 'all'>('none', fc.constantFrom('sub', 'all')),
      size: rarely(10, fc.integer({ min: 0, max: 300 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      by: fc.constantFrom('seq' as const, 'last' as const, 'next' as const),
      subject,
      seq,
      direct: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), seq }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ filter, seq: rarely(0, seq), keep: rarely(0, fc.integer({ min: 0, max: 3 })) })
      .map(({ filter: of, seq: before, keep }) => ({
        kind: 'purge' as const,
        filter: of,
        seq: before,
        keep: before > 0 ? 0 : keep,
      })),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('info' as const), subjects: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('consumer' as const),
      filter,
      from: fc.integer({ min: 1, max: 12 }),
      policy: fc.constantFrom('all' as const, 'sequence' as const, 'sequence' as const, 'new' as const, 'last' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pull' as const),
      batch: fc.integer({ min: 1, max: 6 }),
      bytes: rarely(0, fc.integer({ min: 100, max: 800 })),
      waits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'drop consumer' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('make again' as const), otherwise: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('kv' as const),
      verb: fc.constantFrom(
        'create' as const,
        'put' as const,
        'update' as const,
        'update' as const,
        'get' as const,
        'delete' as const,
        'purge' as const,
      ),
      key: fc.integer({ min: 0, max: 2 }),
      revision: expected,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('object' as const),
      verb: fc.constantFrom('put' as const, 'put' as const, 'get' as const, 'get' as const, 'delete' as const, 'info' as const),
      name: fc.integer({ min: 0, max: 1 }),
      size: fc.constantFrom(0, 10, 500, 2000),
    }),
  },
);

export const operationLists: fc.Arbitrary<OperationList> = fc.record({
  shape: fc.record({
    discard: fc.constantFrom('old' as const, 'new' as const),
    max_msgs: rarely(-1, fc.integer({ min: 1, max: 8 })),
    max_msgs_per_subject: rarely(-1, fc.integer({ min: 1, max: 3 })),
    discard_new_per_subject: rarely(false, fc.boolean()),
    max_msg_size: rarely(-1, fc.constant(200)),
    allow_direct: fc.boolean(),
    allow_rollup_hdrs: fc.boolean(),
    deny_delete: rarely(false, fc.boolean()),
    deny_purge: rarely(false, fc.boolean()),
  }),
  operations: fc.array(operation, { minLength: 10, maxLength: 40, size: 'max' }),
});
