export { type Ask } from './history.ts';
export { nemeses, nemesesNamed } from './nemeses.ts';
export { type ChaosReport, isGood, Recoveries } from './report.ts';
export { type ChaosOptions, runChaos } from './run-chaos.ts';
export type { ChaosFile, ChaosFindings, ChaosWorld } from './world.ts';
