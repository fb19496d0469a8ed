import type { ScalarType } from '@doublehop/powershell/objects/value';

/** MS-PSRP 2.2.5.1: elements of primitive types that are `Scalar`s. */
export const SCALAR_TAGS: Readonly<Record<ScalarType, string>> = {
  Char: 'C',
  Byte: 'By',
  SByte: 'SB',
  Int16: 'I16',
  UInt16: 'U16',
  UInt32: 'U32',
  UInt64: 'U64',
  Single: 'Sg',
  Double: 'Db',
  Decimal: 'D',
  DateTime: 'DT',
  TimeSpan: 'TS',
  Guid: 'G',
  Uri: 'URI',
  Version: 'Version',
  Xml: 'XD',
  ScriptBlock: 'SBK',
};

/** MS-PSRP 2.2.5.2.6: elements of containers, by what the value model calls them. */
export const CONTAINER_TAGS = {
  stack: 'STK',
  queue: 'QUE',
  list: 'LST',
  enumerable: 'IE',
} as const;

/** Type names of plain arrays, hashtables and the lists that PSRP's own messages have. */
export const ARRAY_TYPES: readonly string[] = ['System.Object[]', 'System.Array', 'System.Object'];
export const HASHTABLE_TYPES: readonly string[] = ['System.Collections.Hashtable', 'System.Object'];
export const LIST_TYPES: readonly string[] = ['System.Collections.ArrayList', 'System.Object'];

/** MS-PSRP 2.2.3.18. */
export const PRIMITIVE_DICTIONARY_TYPES: readonly string[] = [
  'System.Management.Automation.PSPrimitiveDictionary',
  'System.Collections.Hashtable',
  'System.Object',
];

/** How a SecureString goes over the wire: the pool's session key knows (MS-PSRP 2.2.5.1.24). */
export interface SecureCodec {
  /** UTF-16LE octets to the base64 text of an SS element. Throws RemotingError `crypto`. */
  seal(utf16: Uint8Array): string;
  /** The other way; the caller owns the octets. Throws RemotingError `crypto`. */
  open(text: string): Uint8Array;
}
