export { type ModuleStart, startModule } from './start-module.ts';
export { main, type MainOptions } from './cli.ts';
