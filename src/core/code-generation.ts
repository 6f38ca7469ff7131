/** Whether this process may make code of text: `--disallow-code-generation-from-strings`, and some hosts, forbid it. */
export function canCompile(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- a constant
    return (new Function('return true') as () => boolean)();
  } catch {
    return false; // that is the answer
  }
}
