export { intact, MemoryDisk, stored, type StoredBytes, type StoredCell, type StoredJournal } from './memory-disk.ts';
export { openMemoryStores } from './memory-stores.ts';
