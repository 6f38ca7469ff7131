// The source contract, on every source.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { schema, sourceDefinition, t, type Source } from '../../src/api/index.ts';
import { csv, defineSource, file, generator, json, socket, sourceOf, text } from '../../src/connectors/index.ts';
import { MemoryDisk } from '../../src/state/index.ts';
import { folder } from './connector-fixture.ts';
import { sourceContract } from './source-contract.ts';

const definition = (source: Source<any>) => sourceDefinition(source);
const Row = schema({ n: t.int });
const rows = (count: number): { n: number }[] => Array.from({ length: count }, (_, n) => ({ n }));

describe('file.source, lines of JSON, some of them damaged', () => {
  sourceContract(async () => {
    const path = join(folder(), 'in.jsonl');
    writeFileSync(path, '\uFEFF{"n":0}\r\n\n{"n":1}\n{"n":"x"}\n  \n{broken\n{"n":2}\n\n{"n":3}');
    const found = [{ n: 0 }, { n: 1 }, { dead: '{"n":"x"}' }, { dead: '  ' }, { dead: '{broken' }, { n: 2 }, { n: 3 }];
    return { source: definition(file.source({ path, format: json(Row) })), splits: { 'in.jsonl': found } };
  });
});

describe('file.source, lines of text, blank ones too', () => {
  sourceContract(async () => {
    const path = join(folder(), 'in.txt');
    writeFileSync(path, 'one\n\nzwölf\n\n');
    return {
      source: definition(file.source({ path, format: text() })),
      splits: { 'in.txt': ['one', '', 'zwölf', ''].map((value) => ({ value })) },
    };
  });
});

describe('file.source, a JSON array', () => {
  sourceContract(async () => {
    const path = join(folder(), 'in.json');
    writeFileSync(path, ' [ {"n":0},{"n":1} , {"n":[2,"]"]}, {"n":3}\n,{"n" 4},{"n":5}]\n ');
    const found = [{ n: 0 }, { n: 1 }, { dead: '{"n":[2,"]"]}' }, { n: 3 }, { dead: '{"n" 4}' }, { n: 5 }];
    return { source: definition(file.source({ path, format: json(Row), perFile: 'array' })), splits: { 'in.json': found } };
  });
});

describe('file.source, CSV with a header, in the files that match a pattern', () => {
  sourceContract(async () => {
    const path = folder();
    mkdirSync(join(path, 'b'));
    writeFileSync(join(path, 'a.csv'), 'ignored,n\nx,1\n"y, z",2\nx\n');
    writeFileSync(join(path, 'b', 'c.csv'), 'n\n3\n');
    writeFileSync(join(path, 'b', 'd.txt'), '?\n');
    const source = file.source({ path: join(path, '**/*.csv'), format: csv(Row, { header: true }) });
    return { source: definition(source), splits: { 'a.csv': [{ n: 1 }, { n: 2 }, { dead: 'x' }], 'b/c.csv': [{ n: 3 }] } };
  });
});

describe('generator.source', () => {
  sourceContract(async () => ({
    source: definition(generator.source({ rowsPerSecond: 0, rows: 8, row: (n) => ({ n }) })),
    splits: { 0: rows(8) },
  }));
});

describe('from(array)', () => {
  sourceContract(async () => ({ source: definition(sourceOf(rows(8))), splits: { 0: rows(8) } }));
});

describe('from(iterable), with a journal', () => {
  const disk = (): { disk: MemoryDisk } => ({ disk: new MemoryDisk() });
  sourceContract(async () => ({ source: definition(sourceOf(new Set(rows(8)))), splits: { 0: rows(8) } }), disk);
});

describe('from(async iterable), with a journal', () => {
  async function* input(): AsyncGenerator<object> {
    yield* rows(8);
  }
  sourceContract(
    async () => ({ source: definition(sourceOf(input())), splits: { 0: rows(8) } }),
    () => ({ disk: new MemoryDisk() }),
  );
});

describe('socket.source, with a journal', () => {
  sourceContract(
    async () => {
      const server = createServer(
        (connection) => void connection.write('{"n":0}\n\n{"n":1}\r\n{"n":true}\n{"n":2}\n{"n":3}\n{"n":'),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as { port: number };
      const found = [{ n: 0 }, { n: 1 }, { dead: '{"n":true}' }, { n: 2 }, { n: 3 }];
      return {
        source: definition(socket.source({ host: '127.0.0.1', port, format: json(Row) })),
        endless: true,
        splits: { 0: found },
      };
    },
    () => ({ disk: new MemoryDisk() }),
  );
});

describe('defineSource, pages of different lengths', () => {
  sourceContract(async () => {
    const pages: readonly (readonly unknown[])[] = [
      [{ n: 0 }, { n: 1 }, { n: 'x' }, { n: 2 }, { n: 3 }],
      [],
      [{ n: 4 }],
      [{ n: 5 }, { n: 6 }],
    ];
    const source = defineSource({
      name: 'pages',
      schema: Row,
      position: t.number,
      splits: async () => ['eu', 'us'],
      async *read(region, from = 0) {
        if (region === 'us') return;
        for (let page = from; page < pages.length; page++) yield { rows: pages[page] as { n: number }[], position: page + 1 };
      },
    });
    return {
      source: definition(source),
      splits: { eu: [{ n: 0 }, { n: 1 }, { dead: '{"n":"x"}' }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }], us: [] },
    };
  });
});
