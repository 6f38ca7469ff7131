export { cachedBlobs, dropOtherLives } from './cached-blobs.ts';
export { chunkBytesMax, type TableId } from './chunk.ts';
export { type ChunkRef, chunkRef, type GroupRange } from './chunk-ref.ts';
export { openDirectoryBlobs } from './directory/index.ts';
export { FrozenState } from './frozen-state.ts';
export { garbage } from './garbage.ts';
export { HeapTable, type TableLimits } from './heap-table.ts';
export { forgetLevelStores, openLevelStores } from './level/index.ts';
export { loadChunks, type OlderTables } from './load-chunks.ts';
export {
  blobsOf,
  type Counters,
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestFormat,
  type OperatorPart,
  type SplitSnapshot,
  type SubtaskSnapshot,
  type Totals,
  nothingYet,
  totalsFrom,
} from './manifest.ts';
export { MemoryDisk, openMemoryStores } from './memory/index.ts';
export {
  coordinatorStorePermissions,
  forgetNatsStores,
  natsStoreNames,
  type NatsStores,
  type NatsStoresOptions,
  openNatsStores,
  type StorePermissions,
  workerStorePermissions,
} from './nats/index.ts';
export { OperatorState, type OperatorStateOptions } from './operator-state.ts';
export type { BlobStore, Journal, JournalEntry, JournalExtent, JobStores, PointerStore, Versioned } from './ports.ts';
export { Positions } from './positions.ts';
export type { RankedSpace } from './ranked-space.ts';
export { RankedRows, type RowOrder } from './ranked-rows.ts';
export { RowLog } from './row-log.ts';
export type { RowSpace } from './row-space.ts';
export { SnapshotChain, type SnapshotChainOptions } from './snapshot-chain.ts';
export { RecentBlobs } from './recent-blobs.ts';
export type { SlotChange, SlotMerge, SlotPlace, SlotTable, StateTable, TableEntry } from './table.ts';
export type { SlotCodec, Slots, ValueCodec } from './value-codec.ts';
export { readIfThere, replaceFile } from './whole-file.ts';
