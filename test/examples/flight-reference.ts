/** The main job in plain code: what its files must hold, computed record by record. */
export interface Flight {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}
interface Group {
  readonly origin: string;
  flights: number;
  sum: number;
  longest: number;
}

const dayMs = 86_400_000;
const watermarkDelayMs = 30 * 60_000;

/** The lines of `result.jsonl` in their order, and the late rows; `flights` as they arrive, in one split. */
export function flightDelays(flights: readonly Flight[]): { readonly result: string[]; readonly late: Flight[] } {
  const open = new Map<number, Map<string, Group>>();
  const result: string[] = [];
  const late: Flight[] = [];
  let watermark = -Infinity;
  const fire = (): void => {
    for (const end of [...open.keys()].filter((end) => end <= watermark).sort((a, b) => a - b)) {
      result.push(...[...open.get(end)!.values()].map((group) => line(group, end)));
      open.delete(end);
    }
  };
  for (const flight of flights) {
    const at = Date.parse(`${flight.date.replaceAll('/', '-').replace(' ', 'T')}Z`);
    const end = (Math.floor(at / dayMs) + 1) * dayMs;
    if (end <= watermark) late.push(flight);
    else count(open, end, flight);
    watermark = Math.max(watermark, at - watermarkDelayMs);
    fire();
  }
  watermark = Infinity;
  fire();
  return { result, late };
}

function count(open: Map<number, Map<string, Group>>, end: number, { origin, delay }: Flight): void {
  const groups = open.get(end) ?? new Map<string, Group>();
  open.set(end, groups);
  const group = groups.get(origin) ?? { origin, flights: 0, sum: 0, longest: -Infinity };
  groups.set(origin, group);
  group.flights++;
  group.sum += delay;
  group.longest = Math.max(group.longest, delay);
}

function line({ origin, flights, sum, longest }: Group, end: number): string {
  const day = new Date(end - dayMs).toISOString().slice(0, 10);
  return JSON.stringify({ origin, day, flights, avgDelay: sum / flights, maxDelay: longest });
}
