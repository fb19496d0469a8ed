import { utf8 } from '@doublehop/wire/bytes';
import { everything } from '../filter.ts';
import { parseFilter } from '../filter-text.ts';
import type { Operation } from '../messages/message.ts';
import type { TextOrOctets } from '../messages/values.ts';
import type { ClientChange, NewAttributes, SearchOptions } from './types.ts';

/** A SearchRequest (RFC 4511 §4.5.1). Throws LdapError `filterError`. */
export function searchRequest(options: SearchOptions): Operation {
  const { filter = everything } = options;
  return {
    kind: 'searchRequest',
    value: {
      baseObject: options.base,
      scope: options.scope ?? 'subtree',
      derefAliases: options.derefAliases ?? 'never',
      sizeLimit: options.sizeLimit ?? 0,
      timeLimit: options.timeLimit ?? 0,
      typesOnly: options.typesOnly ?? false,
      filter: typeof filter === 'string' ? parseFilter(filter) : filter,
      attributes: options.attributes ?? [],
    },
  };
}

/** An AddRequest (RFC 4511 §4.7). */
export function addRequest(dn: string, attributes: NewAttributes): Operation {
  const list = Object.entries(attributes).map(([type, values]) => ({
    type,
    values: isOne(values) ? [octetsOf(values)] : values.map(octetsOf),
  }));
  return { kind: 'addRequest', value: { entry: dn, attributes: list } };
}

/** A ModifyRequest (RFC 4511 §4.6). */
export function modifyRequest(dn: string, changes: readonly ClientChange[]): Operation {
  const list = changes.map(({ operation, attribute, values = [] }) => ({
    operation,
    modification: { type: attribute, values: values.map(octetsOf) },
  }));
  return { kind: 'modifyRequest', value: { object: dn, changes: list } };
}

/** A value as octets. */
export function octetsOf(value: TextOrOctets): Uint8Array {
  return typeof value === 'string' ? utf8(value) : value;
}

function isOne(values: TextOrOctets | readonly TextOrOctets[]): values is TextOrOctets {
  return typeof values === 'string' || values instanceof Uint8Array;
}
