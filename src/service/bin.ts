#!/usr/bin/env node
import { main } from './cli.ts';
import { letSmallHeapGrow } from './heap-growth.ts';

letSmallHeapGrow();
process.exit(await main(process.argv.slice(2)));
