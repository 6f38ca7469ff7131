// Whether two engines gave the same answer to a query.
//
// Owns: when two rows are the same (by the kinds of fields in queries.mjs), and when two results are: as multisets of rows, or, for a
// query whose rows replace each other, by the last row of each key. Does not own: where the rows are (result-files.mjs).
// A row that is not of the query's form (a field too many, of another type, or out of its place) makes a result unequal to any other,
// also to its like. A field that is null may be left out.
import { queryNamed } from './queries.mjs';

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

/** The rows by their texts, with how often each is there; with a key, the last of each key, once. */
function gather(query, rows) {
  const names = Object.keys(query.fields);
  const found = { counts: new Map(), emissions: 0, malformed: 0 };
  const last = query.key === undefined ? undefined : new Map();
  for (const row of rows) {
    found.emissions++;
    const text = textOf(row, names, query.fields);
    if (text === undefined) found.malformed++;
    else if (last === undefined) found.counts.set(text, (found.counts.get(text) ?? 0) + 1);
    else replace(last, query.key.map((name) => row[name]).join(), row[changeField], text);
  }
  for (const text of last?.values() ?? []) found.counts.set(text, 1);
  let count = 0;
  for (const times of found.counts.values()) count += times;
  return { ...found, rows: count };
}

function replace(last, key, change, text) {
  if (change === '-D') last.delete(key);
  else if (change !== '-U') last.set(key, text);
}

/** What is in `counts` more often than in `others`. */
function surplus(counts, others) {
  const examples = [];
  let count = 0;
  for (const [text, times] of counts) {
    const more = times - (others.get(text) ?? 0);
    if (more <= 0) continue;
    count += more;
    if (examples.length < examplesMax) examples.push(text);
  }
  return { count, examples };
}

/**
 * @param {string} name of the query
 * @param {Iterable<object>} ours rows in the order in which they were written
 * @param {Iterable<object>} theirs likewise
 */
export function compareResults(name, ours, theirs) {
  const query = queryNamed(name);
  const [a, b] = [gather(query, ours), gather(query, theirs)];
  const [missing, unexpected] = [surplus(b.counts, a.counts), surplus(a.counts, b.counts)];
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
