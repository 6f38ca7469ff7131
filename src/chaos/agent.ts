/**
 * Loaded into each process of a job under chaos, before anything else: does what no signal can.
 *
 * It reads an order from the file that the environment names, when it is told to by SIGUSR2.
 */
import { readFileSync } from 'node:fs';
import { type AgentOrder, ordersVariable } from './agent-order.ts';

const pieceNumbers = 1 << 20;

const file = process.env[ordersVariable];
if (file !== undefined)
  process.on('SIGUSR2', () => {
    const order = JSON.parse(readFileSync(file, 'utf8')) as AgentOrder;
    if (order.what === 'block') block(order.ms);
    else exhaust();
  });

/** The event loop does nothing else meanwhile. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Takes all of the heap that there is, until V8 ends the process. */
function exhaust(): never {
  for (const taken: number[][] = []; ; ) taken.push(Array.from({ length: pieceNumbers }, (_, i) => i + 0.5));
}
