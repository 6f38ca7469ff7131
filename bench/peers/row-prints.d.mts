export function printOf(text: string): number;
