export { forgetLevelStores, openLevelStores } from './level-stores.ts';
