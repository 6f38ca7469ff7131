/**
 * Where the program speaks: stdout for results and progress, stderr for everything about the program itself.
 *
 * Owns: the one line at the bottom of a terminal that is painted again and again, and its removal before other text.
 */
export interface Terminal {
  /** A line on stdout. */
  line(text: string): void;
  /** A line on stderr. */
  note(text: string): void;
  /** Replaces the line at the bottom; absent where nothing can be painted over: a pipe, CI, NO_COLOR. */
  readonly paint?: (text: string) => void;
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;
/** A terminal that does not know its width, as under `script`, says 0. */
const columnsUnlessKnown = 80;

const eraseLine = '\r\x1b[2K';

export function createTerminal(
  stdout: Stream,
  stderr: Stream,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  let painted = false;
  const clear = (): string => {
    const text = painted ? eraseLine : '';
    painted = false;
    return text;
  };
  const base: Terminal = {
    line: (text) => void stdout.write(`${clear()}${text}\n`),
    note(text) {
      const erase = clear();
      if (erase !== '') stdout.write(erase);
      stderr.write(`${text}\n`);
    },
  };
  const { CI, NO_COLOR } = environment;
  if (!stdout.isTTY || (CI !== undefined && CI !== '' && CI !== 'false') || (NO_COLOR !== undefined && NO_COLOR !== ''))
    return base;
  return {
    ...base,
    paint(text) {
      stdout.write(`${eraseLine}${text.slice(0, Math.max(1, (stdout.columns || columnsUnlessKnown) - 1))}`);
      painted = true;
    },
  };
}

/**
 * Whoever watches may go (`| head`), and the disk of a log be full. Neither is a reason to end a job: what is said is lost
 * then, and the exit code still tells how it ended.
 */
export function outliveReaders(
  stdout: Pick<NodeJS.WriteStream, 'once' | 'on'>,
  stderr: Pick<NodeJS.WriteStream, 'on' | 'write'>,
): void {
  stdout.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') stderr.write(`weir: stdout cannot be written, the job goes on without it: ${message}\n`);
  });
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
}
