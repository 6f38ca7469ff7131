export { forgetNatsStores, type NatsStores, type NatsStoresOptions, openNatsStores } from './nats-stores.ts';
export { natsStoreNames } from './store-streams.ts';
