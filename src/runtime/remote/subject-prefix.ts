/** What every subject of a job begins with: control, channels, signs of life. */
export function subjectPrefix(job: string): string {
  return `weir.${job}`;
}
