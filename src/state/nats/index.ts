export { forgetNatsStores, type NatsStoresOptions, openNatsStores } from './nats-stores.ts';
export { natsStoreNames } from './store-names.ts';
