import type { DecodeBudget } from "./budget.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { OtlpValue } from "./types.ts";

export type MutableAttributes = Record<string, OtlpValue>;

/** Without a prototype: `__proto__` is a key like any other. */
export function newAttributes(): MutableAttributes {
  return Object.create(null) as MutableAttributes;
}

/** Adds one `KeyValue`. A repeated key keeps its last value. */
export function decodeKeyValue(
  reader: ByteReader,
  into: MutableAttributes,
  budget: DecodeBudget,
  depth = 0,
): void {
  let key = "";
  let value: OtlpValue = null;
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) value = decodeValue(reader.message(), budget, depth);
    else reader.skip();
  }
  budget.item();
  into[key] = value;
}

function decodeValue(reader: ByteReader, budget: DecodeBudget, depth: number): OtlpValue {
  budget.value(depth);
  let value: OtlpValue = null;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        value = reader.text();
        break;
      case 2:
        value = reader.bool();
        break;
      case 3:
        value = reader.int64();
        break;
      case 4:
        value = reader.double();
        break;
      case 5:
        value = decodeArray(reader.message(), budget, depth + 1);
        break;
      case 6:
        value = decodeKeyValueList(reader.message(), budget, depth + 1);
        break;
      case 7:
        value = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return value;
}

function decodeArray(reader: ByteReader, budget: DecodeBudget, depth: number): OtlpValue {
  const values: OtlpValue[] = [];
  while (reader.next()) {
    if (reader.field === 1) values.push(decodeValue(reader.message(), budget, depth));
    else reader.skip();
  }
  return values;
}

function decodeKeyValueList(reader: ByteReader, budget: DecodeBudget, depth: number): OtlpValue {
  const values = newAttributes();
  while (reader.next()) {
    if (reader.field === 1) decodeKeyValue(reader.message(), values, budget, depth);
    else reader.skip();
  }
  return values;
}
