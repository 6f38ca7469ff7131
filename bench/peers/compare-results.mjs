// Whether two engines gave the same answer to a query.
//
// Owns: when two rows are the same (by the kinds of fields in queries.mjs), and when two results are: as multisets of rows, or, for a
// query whose rows replace each other, by the last row of each key; or, where windows follow from the clock, by what they add up to. Does
// not own: where the rows are (result-files.mjs).
// A row that is not of the query's form (a field too many, of another type, or out of its place) makes a result unequal to any other,
// also to its like. A field that is null may be left out.
import { queryNamed } from './queries.mjs';
import { printOf, RowPrints, surplusOf } from './row-prints.mjs';

const examplesMax = 5;
/** What may stand before the fields of a row that replaces another: what kind of change it is. `-D` takes the row away. */
const changeField = 'op';

const fits = {
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  thousandths: (value) => typeof value === 'number',
  text: (value) => typeof value === 'string',
};
const written = (kind, value) => (kind === 'thousandths' ? Math.round(value * 1000) : value);

/** @returns a text that is the same for the same rows only; undefined if the row is not of the query's form */
function textOf(row, names, kinds) {
  if (row === null || typeof row !== 'object') return undefined;
  const values = [];
  let at = 0;
  for (const name in row) {
    const value = row[name];
    if (value === null || (name === changeField && kinds[name] === undefined)) continue;
    while (at < names.length && names[at] !== name) {
      values.push(null);
      at++;
    }
    if (at === names.length || !fits[kinds[name]](value)) return undefined;
    values.push(written(kinds[name], value));
    at++;
  }
  while (at++ < names.length) values.push(null);
  return JSON.stringify(values);
}

/** What counts of the rows, as texts: all of them, with a key the last of each, or what these add up to. */
function* textsOf(query, rows, found) {
  const names = Object.keys(query.fields);
  const last = query.key === undefined ? undefined : new Map();
  const given = new Map();
  for (const row of rows) {
    found.emissions++;
    const text = textOf(row, names, query.fields);
    if (text === undefined) found.malformed++;
    else if (last === undefined) yield text;
    else {
      const key = query.key.map((name) => row[name]).join();
      replace(last, key, row[changeField], text);
      if (query.added !== undefined) given.set(key, row);
    }
  }
  if (last === undefined) return;
  if (query.added === undefined) yield* last.values();
  else
    yield* sumsOf(
      query.added,
      [...last.keys()].map((key) => given.get(key)),
    );
}

/** The sums, as texts. */
function sumsOf({ by, field }, rows) {
  const sums = new Map();
  for (const row of rows) {
    const of = JSON.stringify(by.map((name) => row[name]));
    sums.set(of, (sums.get(of) ?? 0) + row[field]);
  }
  return [...sums].map(([of, sum]) => `${of} ${sum}`);
}

function replace(last, key, change, text) {
  if (change === '-D') last.delete(key);
  else if (change !== '-U') last.set(key, text);
}

function gather(query, rows) {
  const found = { emissions: 0, malformed: 0 };
  const prints = new RowPrints();
  for (const text of textsOf(query, rows, found)) prints.add(text);
  return { ...found, rows: prints.length, prints };
}

/** How many rows a result has that the other has not, and some of them: it is read once more for these. */
function surplus(query, rows, more) {
  let count = 0;
  for (const times of more.values()) count += times;
  const examples = [];
  if (count === 0) return { count, examples };
  for (const text of textsOf(query, rows, { emissions: 0, malformed: 0 })) {
    if (more.delete(printOf(text))) examples.push(text);
    if (examples.length === examplesMax) break;
  }
  return { count, examples };
}

/**
 * @param {string} name of the query
 * @param {Iterable<object>} ours rows in the order in which they were written; read twice where they differ
 * @param {Iterable<object>} theirs likewise
 */
export function compareResults(name, ours, theirs) {
  const query = queryNamed(name);
  const [a, b] = [gather(query, ours), gather(query, theirs)];
  const [onlyOurs, onlyTheirs] = surplusOf(a.prints.sorted(), b.prints.sorted());
  const [missing, unexpected] = [surplus(query, theirs, onlyTheirs), surplus(query, ours, onlyOurs)];
  const side = ({ rows, emissions, malformed }) => ({ rows, emissions, malformed });
  return {
    equal: missing.count === 0 && unexpected.count === 0 && a.malformed === 0 && b.malformed === 0,
    ours: side(a),
    theirs: side(b),
    missing,
    unexpected,
  };
}

/** Of one result: how many rows it has, how many were written for them, and how many are not of the query's form. */
export function countResults(name, rows) {
  const query = queryNamed(name);
  const { rows: count, emissions, malformed } = gather(query, rows);
  return { rows: count, emissions, malformed };
}
