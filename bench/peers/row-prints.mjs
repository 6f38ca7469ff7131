// Many rows as numbers, one of each: so that results of any size are compared in a few bytes a row.
//
// Owns: the print of a text. Different texts may have one print; of ten million rows that differ one is taken for another with a
// probability of one in a billion.
const firstSize = 1 << 12;
const mix = (hash, code, by) => Math.imul(hash ^ code, by);

export function printOf(text) {
  let [high, low] = [0x9747b28c, 0x3c6ef372];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = mix(high, code, 0x5bd1e995);
    high ^= high >>> 15;
    low = mix(low, code + i, 0x27d4eb2f);
    low ^= low >>> 13;
  }
  // 53 bits, as many as a whole number has.
  return (mix(high, low >>> 16, 0x85ebca6b) >>> 0) * 2 ** 21 + (mix(low, high >>> 16, 0xc2b2ae35) >>> 11);
}

export class RowPrints {
  #prints = new Float64Array(firstSize);
  length = 0;

  add(text) {
    if (this.length === this.#prints.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#prints);
      this.#prints = larger;
    }
    this.#prints[this.length++] = printOf(text);
  }

  sorted() {
    return this.#prints.subarray(0, this.length).sort();
  }
}

/** Of two sorted lists of prints: what the first has more of, as a map of how many more, and the second. */
export function surplusOf(a, b) {
  const [moreInA, moreInB] = [new Map(), new Map()];
  const note = (found, print) => found.set(print, (found.get(print) ?? 0) + 1);
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (j === b.length || a[i] < b[j]) note(moreInA, a[i++]);
    else if (i === a.length || b[j] < a[i]) note(moreInB, b[j++]);
    else {
      i++;
      j++;
    }
  }
  return [moreInA, moreInB];
}
