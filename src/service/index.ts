export { main, type MainOptions } from './cli.ts';
