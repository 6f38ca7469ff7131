#!/usr/bin/env node
import { main } from './cli.ts';
import { compileWhenHot } from './compile-when-hot.ts';
import { letSmallHeapGrow } from './heap-growth.ts';

compileWhenHot();
letSmallHeapGrow();
process.exit(await main(process.argv.slice(2)));
