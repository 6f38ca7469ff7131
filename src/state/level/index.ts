export { openLevelStores } from './level-stores.ts';
