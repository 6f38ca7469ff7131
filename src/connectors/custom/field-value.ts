/** A value of a field as bytes in a checkpoint, with what they mean, so that a changed program does not misread them. */
import { type Field, fieldColumn } from '../../api/index.ts';
import { ByteReader, ByteWriter, type FieldCodec, fieldCodec, typeId } from '../../batch/index.ts';
import { WeirError } from '../../core/index.ts';

interface Kept {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export class FieldValue<V> {
  readonly #where: string;
  readonly #type: string;
  readonly #codec: FieldCodec;

  /** @param where what the value is, as errors name it: `orders-api: position` */
  constructor(field: Field<any, V>, where: string) {
    const column = fieldColumn('value', field);
    this.#where = where;
    this.#type = typeId(column);
    this.#codec = fieldCodec(column);
  }

  /** @throws WeirError `E_VALUE` if the field cannot hold it */
  encode(value: V): Kept {
    const out = new ByteWriter();
    try {
      this.#codec.write(out, value);
    } catch (error) {
      throw WeirError.from(
        error instanceof WeirError ? new WeirError('E_VALUE', `${this.#where}: ${error.message}`, { cause: error }) : error,
        'E_VALUE',
        this.#where,
      );
    }
    return { type: this.#type, bytes: out.finish() };
  }

  /** @throws WeirError `E_STATE_INCOMPATIBLE` if it was kept by a field of another type */
  decode(kept: unknown): V {
    const { type, bytes } = kept as Kept;
    if (type !== this.#type) throw new WeirError('E_STATE_INCOMPATIBLE', `${this.#where}: was ${type}, is ${this.#type}`);
    return this.#codec.read(new ByteReader(bytes)) as V;
  }
}
