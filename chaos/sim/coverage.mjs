// Which lines of the engine simulated lives reach, from what V8 counts in the processes that live them.
import { readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What a simulated cluster is made of. */
const folders = ['actors', 'cluster', 'coordinator', 'progress', 'state', 'operators', 'connectors/jetstream'];
/** Stores on disks: a simulated cluster has those of memory, or of a simulated NATS. */
const elsewhere = /^src\/state\/(level|directory)\//;

/**
 * @param directory as NODE_V8_COVERAGE names it
 * @returns by folder: lines with code, and those that ran in any of the processes
 */
export async function coverageOf(directory) {
  const lines = new Map();
  for (const name of await readdir(directory)) {
    const { result, 'source-map-cache': maps = {} } = JSON.parse(await readFile(join(directory, name), 'utf8'));
    for (const { url, functions } of result) {
      const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : '';
      const folder = folders.find((each) => file.startsWith(`src/${each}/`));
      const map = maps[url];
      if (folder === undefined || elsewhere.test(file) || !map?.data) continue;
      if (!lines.has(file)) lines.set(file, new Map());
      addLines(lines.get(file), functions, map);
    }
  }
  return folders.map((folder) => {
    const own = [...lines].filter(([file]) => file.startsWith(`src/${folder}/`)).flatMap(([, of]) => [...of.values()]);
    return { folder, lines: own.length, covered: own.filter(Boolean).length };
  });
}

function addLines(known, functions, { lineLengths, data }) {
  const map = new SourceMap(data);
  const ranges = functions
    .flatMap(({ ranges: own }) => own)
    .toSorted((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
  const end = lineLengths.reduce((sum, length) => sum + length + 1, 0);
  // The innermost range counts: painted from the widest to the narrowest.
  const ran = new Uint8Array(end + 1).fill(1);
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  let offset = 0;
  for (const [line, length] of lineLengths.entries()) {
    for (let column = 0; column < length; column++) {
      const { originalLine, generatedLine, generatedColumn } = map.findEntry(line, column);
      if (originalLine === undefined || generatedLine !== line || generatedColumn !== column) continue;
      known.set(originalLine, known.get(originalLine) === true || ran[offset + column] === 1);
    }
    offset += length + 1;
  }
}
