import { WeirError } from '../../core/index.ts';
import type { Fault } from './user-faults.ts';

export interface FailedLife {
  readonly seed: number;
  /** What went wrong. */
  readonly reason: unknown;
  /** Rows as the arbitrary gave them, shrunk. */
  readonly input: readonly unknown[];
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  /** Of the events of this life. */
  readonly trace: string;
  /** Lives it again. */
  readonly command: string;
}

const rowsShown = 20;

/** A life in which the job did not do what `check` asks. */
export class SimulationFailed extends WeirError {
  readonly life: FailedLife;

  constructor(life: FailedLife) {
    const { seed, reason, input, faults, trace, command } = life;
    const said = reason instanceof Error ? reason.message : String(reason);
    const rows = input.slice(0, rowsShown).map((row) => `    ${JSON.stringify(row)}`);
    if (input.length > rowsShown) rows.push(`    and ${input.length - rowsShown} more`);
    super(
      'E_SIMULATION',
      [
        `life ${seed} went wrong: ${said}`,
        `  input, ${input.length} rows:`,
        ...rows,
        `  faults: ${
          Object.entries(faults)
            .map(([fault, times]) => `${fault} ${times}`)
            .join(', ') || 'none'
        }; trace ${trace}`,
        `  again: ${command}`,
      ].join('\n'),
      { cause: reason },
    );
    this.life = life;
  }
}
