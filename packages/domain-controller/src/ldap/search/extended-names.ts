import type { Directory } from '@doublehop/directory/directory';
import type { Entry, Value } from '@doublehop/directory/entry';
import type { AttributeType } from '@doublehop/directory/schema/schema';
import { encodeGuid } from '@doublehop/security/guid';
import { encodeSid } from '@doublehop/security/sid';

/** Writes names with the GUIDs and SIDs of what they name (MS-ADTS 3.1.1.3.4.1.5). */
export interface NameWriter {
  nameOf(entry: Entry): string;
  /** The value of an attribute, where it is a name or has one in it. */
  value(type: AttributeType, value: Value): Value;
}

/** Names as they are. */
export const PLAIN_NAMES: NameWriter = { nameOf: ({ dn }) => dn, value: (_type, value) => value };

/** `B:8:01020304:name` and `S:4:text:name` (MS-ADTS 3.1.1.2.2.2.2). */
const WITH_DATA = /^([BS]:\d+:)(.*)$/s;

/** Names in the extended form; `option` 0 has numbers in hexadecimal, 1 in their usual texts. */
export function extendedNames(directory: Directory, option: number): NameWriter {
  const nameOf = (entry: Entry): string => {
    const { guid, sid, dn } = entry;
    const g = option === 0 ? hex(encodeGuid(guid)) : guid;
    if (sid === undefined) return `<GUID=${g}>;${dn}`;
    return `<GUID=${g}>;<SID=${option === 0 ? hex(encodeSid(sid)) : sid}>;${dn}`;
  };
  const extended = (dn: string): string => {
    const entry = directory.find(dn, { deleted: true });
    return entry === undefined ? dn : nameOf(entry);
  };
  return {
    nameOf,
    value({ syntax }, value) {
      if (typeof value !== 'string') return value;
      if (syntax === 'dn') return extended(value);
      if (syntax !== 'dnbinary' && syntax !== 'dnstring') return value;
      return withName(value, extended);
    },
  };
}

/** The length in front tells where the data ends and the name begins. */
function withName(value: string, extended: (dn: string) => string): string {
  const [, head = '', rest = ''] = WITH_DATA.exec(value) ?? [];
  const length = Number(head.split(':')[1] ?? 0);
  if (head === '' || rest[length] !== ':') return value;
  return `${head}${rest.slice(0, length + 1)}${extended(rest.slice(length + 1))}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
