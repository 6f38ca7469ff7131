// A job of chaos/chaos.mjs: accounts with a long memo each, and the balance after every booking. Its state is large, and little of it changes.
import { from, json, type Pipeline, pipeline, schema, state, t } from 'weir';
import { jetstream } from 'weir/connectors';

const Booking = schema({ account: t.string, amount: t.number, memo: t.string });
const Balance = schema({ account: t.string, place: t.number, balance: t.number });

const bookings = from(
  jetstream.source({ stream: 'BOOKINGS', subjects: ['bookings.0', 'bookings.1'], format: json(Booking), perMessage: 'lines' }),
);

const balances = bookings.keyBy('account').process({
  state: { memo: state.value(t.string), place: state.value(t.number), balance: state.value(t.number) },
  emits: Balance,
  onRow({ amount, memo }, { key, state: { memo: kept, place, balance }, emit }) {
    if (memo !== '') kept.set(memo);
    place.set((place.get() ?? 0) + 1);
    balance.set((balance.get() ?? 0) + amount);
    emit({ account: key, place: place.get()!, balance: balance.get()! });
  },
});

const ledger: Pipeline = pipeline({
  name: 'ledger',
  restart: { attempts: 1000, within: '1 hour', backoff: '100 ms' },
  outputs: [balances.to(jetstream.sink({ stream: 'BALANCES', subject: (row) => `balances.${row.account}` }))],
});
export default ledger;
