import { describe, expect, test } from 'vitest';
import { logicalJob } from '../../../src/api/index.ts';
import { file, jetstream, json, kv, nats, socket } from '../../../src/connectors/index.ts';
import { from, pipeline, schema, t } from '../../../src/index.ts';
import { planJob } from '../../../src/plan/index.ts';
import { type JobPermissions, type PermissionOptions, permissionsOf } from '../../../src/runtime/nats/permissions.ts';
import { permissionsConfig } from '../../../src/runtime/nats/permissions-text.ts';

const Row = schema({ id: t.string });
type Source = Parameters<typeof from<{ id: string }>>[0];
const orders = () => jetstream.source({ stream: 'ORDERS', format: json(Row) });
const averages = (options: object = {}) => jetstream.sink<{ id: string }>({ stream: 'OUT', subject: 'out.rows', ...options });

function permissions(source: unknown, sink: unknown, options: PermissionOptions = {}): JobPermissions {
  const rows = from(source as Source);
  return permissionsOf(
    planJob(logicalJob(pipeline({ name: 'job', outputs: [rows.to(sink as ReturnType<typeof averages>)] }))),
    options,
  );
}
const worker = (...[source, sink, options]: Parameters<typeof permissions>): readonly string[] =>
  permissions(source, sink, options).roles.worker.publish;
const store = (subject: string): boolean => /journal|JOURNAL|cells|CELLS/.test(subject);

describe('the permissions of a worker', () => {
  test('NP1: to read a stream it pulls from consumers that it does not make', () => {
    const { coordinator, worker } = permissions(orders(), averages({ fence: 'out.fence' })).roles;
    expect(worker.publish.filter((subject) => subject.includes('ORDERS'))).toEqual([
      '$JS.API.STREAM.INFO.ORDERS',
      '$JS.API.STREAM.MSG.GET.ORDERS',
      '$JS.API.CONSUMER.MSG.NEXT.ORDERS.*',
    ]);
    expect(coordinator.publish).toContain('$JS.API.CONSUMER.CREATE.ORDERS.>');
    expect([...worker.publish, ...coordinator.publish].filter((subject) => /STREAM\.(DELETE|UPDATE)/.test(subject))).toEqual([]);
  });

  test('to write a stream it publishes on its subjects, and on that of fences', () => {
    expect(worker(orders(), averages({ fence: 'out.fence' }))).toEqual(expect.arrayContaining(['out.rows', 'out.fence']));
    expect(worker(orders(), averages({ create: { subjects: ['out.rows'] } }))).toEqual(
      expect.arrayContaining(['out.rows', 'OUT.weir-fence']),
    );
    expect(worker(orders(), averages({ guarantee: 'at-least-once' }))).toContain('out.rows');
  });

  test('subjects that a row chooses must be said', () => {
    const sinks = [averages({ subject: () => 'out.x' }), averages(), nats.sink<{ id: string }>({ subject: () => 'heard.x' })];
    for (const sink of sinks) {
      expect(() => permissions(orders(), sink)).toThrow(
        expect.objectContaining({ code: 'E_PLAN', hint: expect.stringContaining('--publish') }),
      );
      expect(worker(orders(), sink, { publish: ['out.>'] })).toContain('out.>');
    }
  });

  test('a stream that others write to is scanned by consumers of its own, and somebody is told what that means', () => {
    const { roles, notes } = permissions(orders(), averages({ shared: true }));
    expect(roles.worker.publish).toContain('$JS.API.CONSUMER.CREATE.OUT.>');
    expect(notes).toContainEqual(expect.stringMatching(/OUT is shared.*any subject/));
  });

  test('buckets and subjects of NATS itself', () => {
    const { publish, subscribe } = permissions(
      nats.source({ subject: 'orders.>', format: json(Row) }),
      kv.sink<{ id: string }>({ bucket: 'table', key: ({ id }) => id }),
    ).roles.worker;
    expect(subscribe).toContain('orders.>');
    expect(publish).toEqual(
      expect.arrayContaining(['$JS.API.STREAM.INFO.KV_table', '$JS.API.STREAM.MSG.GET.KV_table', '$KV.table.>']),
    );
  });

  test('the journal is written where a source keeps its records there, and nowhere else', () => {
    expect(worker(orders(), averages({ fence: 'out.fence' })).filter(store)).toEqual([
      '$JS.API.STREAM.INFO.WEIR_job_JOURNAL',
      '$JS.API.STREAM.INFO.WEIR_job_CELLS',
      '$JS.API.STREAM.MSG.GET.WEIR_job_CELLS',
    ]);
    const socketed = socket.source({ host: '127.0.0.1', port: 1, format: json(Row) });
    expect(worker(socketed, file.sink<{ id: string }>({ path: 'x.jsonl' }))).toEqual(
      expect.arrayContaining(['weir-store.job.journal.>', 'weir-store.job.cells.j.>', '$JS.API.STREAM.PURGE.WEIR_job_JOURNAL']),
    );
  });

  test('of another domain the requests are others; what is on other servers is not asked for here', () => {
    const options = { apiPrefix: '$JS.hub.API' };
    const elsewhere = jetstream.source({ stream: 'ORDERS', format: json(Row), servers: 'nats://me:secret@far:4222' });
    const { roles, notes } = permissions(elsewhere, averages({ fence: 'out.fence' }), options);
    expect(roles.worker.publish).toContain('$JS.hub.API.STREAM.INFO.OUT');
    expect(roles.worker.publish.filter((subject) => /ORDERS|\$JS\.API/.test(subject))).toEqual([]);
    expect(notes).toContain('stream ORDERS is at nats://far:4222: nothing here is for it');
  });
});

test('NP2: each role has an inbox of its own, and an operator nothing but control', () => {
  const { roles } = permissions(orders(), averages({ fence: 'out.fence' }));
  const inboxes = Object.values(roles).map(({ inboxPrefix }) => inboxPrefix);
  expect(new Set(inboxes).size).toBe(3);
  expect(roles.operator).toMatchObject({ publish: ['weir.job.control'], subscribe: [`${inboxes[2]}.>`, 'weir.jobs'] });
});

test('as a block of a configuration a role can stand alone', () => {
  const text = permissionsConfig(permissions(orders(), averages({ fence: 'out.fence' })), ['operator']);
  expect(text).toContain('user: "job-operator"\n      password: $OPERATOR_PASSWORD');
  expect(text).not.toContain('WORKER');
});
