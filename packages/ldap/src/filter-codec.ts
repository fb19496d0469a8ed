import type { Reader, Writer } from '@doublehop/wire/cursor';
import { type Type, defaulted, implicit, optional, sequence, tagged } from '@doublehop/wire/der';
import { boolean, utf8Octets } from '@doublehop/wire/der-primitives';
import { WireError } from '@doublehop/wire/errors';
import type { AssertionFilter, AssertionValue, Filter, SubstringsFilter } from './filter.ts';
import { MAX_FILTER_ELEMENTS, MAX_SUBSTRINGS } from './limits.ts';
import { textOrOctets } from './messages/values.ts';

/**
 * Filter ::= CHOICE { and [0] SET OF, or [1] SET OF, not [2], equalityMatch [3], substrings [4],
 * greaterOrEqual [5], lessOrEqual [6], present [7], approxMatch [8], extensibleMatch [9] }
 * (RFC 4511 §4.5.1.7). Bounded in depth and, over all levels together, in elements; an empty `and`
 * or `or` is RFC 4526's true or false.
 */
export const FilterType: Type<Filter> = {
  tag: undefined,
  matches: (tag) => tag === 0x87 || (tag >= 0xa0 && tag <= 0xa9 && tag !== 0xa7),
  decode: (reader) => readFilter(reader, { left: MAX_FILTER_ELEMENTS }),
  encode: writeFilter,
};

interface Budget {
  left: number;
}

const VALUE_KINDS = {
  0xa3: 'equality',
  0xa5: 'greaterOrEqual',
  0xa6: 'lessOrEqual',
  0xa8: 'approx',
} as const;

const VALUE_TAGS = { equality: 3, greaterOrEqual: 5, lessOrEqual: 6, approx: 8 } as const;

/** AttributeValueAssertion (RFC 4511 §4.1.6). */
const Assertion = sequence({ attribute: utf8Octets, value: textOrOctets }, { extensible: true });

const Present = implicit(7, utf8Octets);

/** MatchingRuleAssertion (RFC 4511 §4.5.1.7.7). */
const Extensible = implicit(
  9,
  sequence(
    {
      matchingRule: optional(implicit(1, utf8Octets)),
      attribute: optional(implicit(2, utf8Octets)),
      value: implicit(3, textOrOctets),
      dnAttributes: defaulted(implicit(4, boolean), false),
    },
    { extensible: true },
  ),
);

function readFilter(reader: Reader, budget: Budget): Filter {
  budget.left -= 1;
  if (budget.left < 0) {
    throw new WireError('oversize', `more than ${MAX_FILTER_ELEMENTS} filter elements`);
  }
  const tag = reader.peek();
  switch (tag) {
    case 0xa0:
      return { kind: 'and', filters: readSet(reader, tag, budget) };
    case 0xa1:
      return { kind: 'or', filters: readSet(reader, tag, budget) };
    case 0xa2:
      return readNot(reader, budget);
    case 0xa3:
    case 0xa5:
    case 0xa6:
    case 0xa8: {
      const { attribute, value } = Assertion.readContent(reader, reader.open(tag));
      return { kind: VALUE_KINDS[tag], attribute, value };
    }
    case 0xa4:
      return Substrings.decode(reader);
    case 0x87:
      return { kind: 'present', attribute: Present.decode(reader) };
    case 0xa9:
      return readExtensible(reader);
    default:
      throw new WireError('tag', 'no filter has this tag', reader.place());
  }
}

function readSet(reader: Reader, tag: number, budget: Budget): readonly Filter[] {
  const end = reader.open(tag);
  const outer = reader.end;
  reader.end = end;
  const filters = reader.deeper(() => {
    const found: Filter[] = [];
    while (reader.pos < end) found.push(readFilter(reader, budget));
    return found;
  });
  reader.end = outer;
  return filters;
}

function readNot(reader: Reader, budget: Budget): Filter {
  const end = reader.open(0xa2);
  const outer = reader.end;
  reader.end = end;
  const filter = reader.deeper(() => readFilter(reader, budget));
  if (reader.pos !== end) throw new WireError('trailing', 'not() has one filter', reader.place());
  reader.end = outer;
  return { kind: 'not', filter };
}

function readExtensible(reader: Reader): Filter {
  const { matchingRule, attribute, value, dnAttributes } = Extensible.decode(reader);
  if (matchingRule === undefined && attribute === undefined) {
    // "If the matchingRule field is absent, the type field MUST be present."
    throw new WireError('value', 'an extensible match names no rule and no attribute');
  }
  return {
    kind: 'extensible',
    ...(matchingRule === undefined ? {} : { matchingRule }),
    ...(attribute === undefined ? {} : { attribute }),
    value,
    ...(dnAttributes === true ? { dnAttributes } : {}),
  };
}

interface Parts {
  initial?: AssertionValue;
  readonly any: AssertionValue[];
  final?: AssertionValue;
}

/** substrings SEQUENCE OF CHOICE { initial [0], any [1], final [2] } (RFC 4511 §4.5.1.7.2). */
const SubstringList = tagged<Parts>(0x30, readParts, writeParts);

const SubstringsParts = implicit(
  4,
  sequence({ attribute: utf8Octets, parts: SubstringList }, { extensible: true }),
);

const Substrings: Type<SubstringsFilter> = {
  tag: SubstringsParts.tag,
  matches: (tag) => tag === SubstringsParts.tag,
  decode(reader) {
    const { attribute, parts } = SubstringsParts.decode(reader);
    return { kind: 'substrings', attribute, ...parts };
  },
  encode(writer, { attribute, initial, any, final }) {
    const parts: Parts = {
      any: [...any],
      ...(initial === undefined ? {} : { initial }),
      ...(final === undefined ? {} : { final }),
    };
    SubstringsParts.encode(writer, { attribute, parts });
  },
};

function readParts(reader: Reader, end: number): Parts {
  const parts: Parts = { any: [] };
  const outer = reader.end;
  reader.end = end;
  while (reader.pos < end) {
    const tag = reader.peek();
    const content = textOrOctets.readContent(reader, reader.open(tag));
    // `initial` comes first and `final` last, each at most once.
    const first = parts.initial === undefined && parts.any.length === 0;
    if (parts.final !== undefined || (tag === 0x80 && !first) || tag < 0x80 || tag > 0x82) {
      throw new WireError('value', 'substrings out of order', reader.place());
    }
    if (tag === 0x80) parts.initial = content;
    else if (tag === 0x82) parts.final = content;
    else parts.any.push(content);
    if (parts.any.length > MAX_SUBSTRINGS) {
      throw new WireError('oversize', `more than ${MAX_SUBSTRINGS} substrings`, reader.place());
    }
  }
  if (parts.initial === undefined && parts.final === undefined && parts.any.length === 0) {
    throw new WireError('value', 'no substrings', reader.place());
  }
  reader.end = outer;
  return parts;
}

function writeParts(writer: Writer, { initial, any, final }: Parts): void {
  if (final !== undefined) implicit(2, textOrOctets).encode(writer, final);
  for (const part of any.toReversed()) implicit(1, textOrOctets).encode(writer, part);
  if (initial !== undefined) implicit(0, textOrOctets).encode(writer, initial);
}

function writeFilter(writer: Writer, filter: Filter): void {
  const mark = writer.written;
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.filters.toReversed()) writeFilter(writer, part);
      return writer.header(filter.kind === 'and' ? 0xa0 : 0xa1, mark);
    case 'not':
      writeFilter(writer, filter.filter);
      return writer.header(0xa2, mark);
    case 'present':
      return Present.encode(writer, filter.attribute);
    case 'substrings':
      return Substrings.encode(writer, filter);
    case 'extensible':
      return Extensible.encode(writer, filter);
    case 'equality':
    case 'greaterOrEqual':
    case 'lessOrEqual':
    case 'approx':
      return writeAssertion(writer, filter);
  }
}

function writeAssertion(writer: Writer, filter: AssertionFilter): void {
  implicit(VALUE_TAGS[filter.kind], Assertion).encode(writer, filter);
}
