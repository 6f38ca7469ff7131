/** Strings that were built here, as JavaScript strings. Those that came as bytes are in encoded-string.ts. */
import type { BufferSink, ColumnForm } from '../buffers.ts';
import type { Column } from '../column.ts';
import type { DataType } from '../schema.ts';
import { encodeText } from './encoded-string.ts';

export class StringColumn implements Column {
  readonly type: DataType;
  readonly values: readonly (string | null)[];
  readonly byteSize: number;

  constructor(type: DataType, values: readonly (string | null)[], characters: number) {
    this.type = type;
    this.values = values;
    this.byteSize = characters + values.length * 4;
  }
  get length(): number {
    return this.values.length;
  }
  get(row: number): string | null {
    return this.values[row]!;
  }
  reader(): (row: number) => unknown {
    const { values } = this;
    return (row) => values[row];
  }
  isNull(row: number): boolean {
    return this.values[row] === null;
  }
  take(rows: Int32Array): StringColumn {
    const values = Array.from(rows, (row) => this.values[row]!);
    return new StringColumn(
      this.type,
      values,
      values.reduce((sum, value) => sum + (value?.length ?? 0), 0),
    );
  }
  encode(sink: BufferSink): ColumnForm {
    return encodeText(this.type, this.values).encode(sink);
  }
}
