export { forgetNatsStores, type NatsStores, type NatsStoresOptions, openNatsStores } from './nats-stores.ts';
export { coordinatorStorePermissions, type StorePermissions, workerStorePermissions } from './store-permissions.ts';
export { natsStoreNames } from './store-streams.ts';
