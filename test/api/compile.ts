/** Compiles `types/facts.ts` and `types/refused.ts` as a user of the package would, and sorts what the compiler says. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Refusal {
  /** The statement that must not compile, and its line in types/refused.ts. */
  readonly line: number;
  readonly statement: string;
  /** What the user must be told. */
  readonly words: string;
  /** What the compiler says about that line. */
  readonly said: string;
}
export interface Compilation {
  readonly refusals: readonly Refusal[];
  /** Errors that nobody asked for. */
  readonly others: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param compiler the package that holds it: `typescript`, or `ts6` */
export async function compileTypes(compiler: string): Promise<Compilation> {
  const errors = errorsOf(await run(compiler));
  const lines = readFileSync(`${root}types/refused.ts`, 'utf8').split('\n');
  const refusals = lines.flatMap((comment, i): Refusal[] => {
    const words = /^\s*\/\/✗ (.*)$/.exec(comment)?.[1]?.trimEnd();
    const line = i + 2;
    const said = errors
      .filter((error) => error.refusedLine === line)
      .map(({ text }) => text)
      .join('\n');
    return words === undefined ? [] : [{ line, statement: lines[i + 1]!.trim(), words, said }];
  });
  const expected = new Set(refusals.map(({ line }) => line));
  const others = errors.filter(({ refusedLine }) => refusedLine === undefined || !expected.has(refusedLine));
  return { refusals, others: others.map(({ text }) => text) };
}

function run(compiler: string): Promise<string> {
  const args = [`${root}node_modules/${compiler}/bin/tsc`, '-p', 'types', '--pretty', 'false', '--noErrorTruncation'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }, (_failure, stdout, stderr) => resolve(stdout + stderr));
  });
}

interface CompileError {
  readonly refusedLine: number | undefined;
  readonly text: string;
}

/** An error begins in the first column; what explains it is indented. */
function errorsOf(output: string): CompileError[] {
  const texts: string[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith(' ')) texts.push(`${texts.pop() ?? ''}\n${line}`);
    else if (line.trim() !== '') texts.push(line);
  }
  return texts.map((text) => {
    const line = /^(?:\S*\/)?types\/refused\.ts\((\d+),/.exec(text)?.[1];
    return { text, refusedLine: line === undefined ? undefined : Number(line) };
  });
}
