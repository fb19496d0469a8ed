// Every form of msDS-AllowedToActOnBehalfOfOtherIdentity that a KDC was seen to treat in a way of
// its own, and what it comes to: measured at KDCs, not computed.
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import type { Sid } from '@doublehop/security/sid';

/** Whom the forms name. */
export interface AwkwardCast {
  readonly middle: Sid;
  /** A group that holds a group that holds the middle. */
  readonly group: Sid;
  readonly domain: Sid;
  /** An account of a trusted forest, one of a domain that nobody knows, one that was deleted. */
  readonly foreign: Sid;
  readonly unknown: Sid;
  readonly orphan: Sid;
}

/** A form: its octets, who may act, and in a word what is odd about it. */
export interface AwkwardForm {
  readonly name: string;
  readonly bytes: (cast: AwkwardCast) => Uint8Array;
  readonly acts: 'nobody' | 'middle' | 'group' | 'everybody' | 'computers' | 'foreign' | 'orphan';
  readonly odd?:
    | 'empty'
    | 'unparsable'
    | 'null-dacl'
    | 'everybody'
    | 'ineffective'
    | 'deny-order'
    | 'conditional'
    | 'foreign'
    | 'orphan';
}

const RBCD = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';

function form(
  name: string,
  aces: string,
  acts: AwkwardForm['acts'],
  odd?: AwkwardForm['odd'],
): AwkwardForm {
  const bytes = (cast: AwkwardCast): Uint8Array => {
    const named = aces
      .replaceAll('%M', cast.middle)
      .replaceAll('%G', cast.group)
      .replaceAll('%D', cast.domain)
      .replaceAll('%F', cast.foreign)
      .replaceAll('%U', cast.unknown)
      .replaceAll('%O', cast.orphan);
    return encodeDescriptor(parseSddl(`O:BAD:${named}`));
  };
  return odd === undefined ? { name, bytes, acts } : { name, bytes, acts, odd };
}

function bytesForm(
  name: string,
  bytes: AwkwardForm['bytes'],
  odd: NonNullable<AwkwardForm['odd']>,
  acts: AwkwardForm['acts'] = 'nobody',
): AwkwardForm {
  return { name, bytes, acts, odd };
}

/** The forms, in an order that does not change. */
export const AWKWARD_FORMS: readonly AwkwardForm[] = [
  form('empty DACL', '', 'nobody', 'empty'),
  bytesForm('no DACL', () => encodeDescriptor({ control: 0x8000, owner: 'S-1-5-32-544' }), 'empty'),
  bytesForm(
    'owner alone',
    ({ middle }) =>
      encodeDescriptor({ control: 0x8004, owner: middle, dacl: { revision: 2, aces: [] } }),
    'empty',
  ),
  bytesForm('not a descriptor', () => new Uint8Array([1, 0, 4, 128, 255]), 'unparsable'),
  bytesForm(
    'NULL DACL',
    () => encodeDescriptor({ control: 0x8004, dacl: 'null' }),
    'null-dacl',
    'everybody',
  ),
  {
    name: 'no owner',
    bytes: ({ middle }) => encodeDescriptor(parseSddl(`D:(A;;CR;;;${middle})`)),
    acts: 'middle',
  },
  form('full control', '(A;;0xf01ff;;;%M)', 'middle'),
  form('control access', '(A;;CR;;;%M)', 'middle'),
  form('every bit but generic ones', '(A;;0xf31fffff;;;%M)', 'middle'),
  form('generic all', '(A;;GA;;;%M)', 'nobody', 'ineffective'),
  form('generic write', '(A;;GW;;;%M)', 'nobody', 'ineffective'),
  form('write property', '(A;;WP;;;%M)', 'nobody', 'ineffective'),
  form('read property', '(A;;RP;;;%M)', 'nobody', 'ineffective'),
  form('everyone', '(A;;CR;;;WD)', 'everybody', 'everybody'),
  form('authenticated users', '(A;;CR;;;AU)', 'everybody', 'everybody'),
  form('domain computers', '(A;;CR;;;%D-515)', 'computers', 'everybody'),
  form('group of groups', '(A;;0xf01ff;;;%G)', 'group'),
  form('deny, then allow', '(D;;CR;;;%M)(A;;0xf01ff;;;%M)', 'nobody', 'ineffective'),
  form('allow, then deny', '(A;;0xf01ff;;;%M)(D;;CR;;;%M)', 'middle', 'deny-order'),
  form('deny the group, then allow', '(D;;CR;;;%G)(A;;0xf01ff;;;%M)', 'nobody', 'ineffective'),
  form('deny another right', '(D;;WP;;;%M)(A;;0xf01ff;;;%M)', 'middle', 'ineffective'),
  form('object ACE', '(OA;;CR;;;%M)', 'nobody', 'ineffective'),
  form('object ACE of the attribute', `(OA;;CR;${RBCD};;%M)`, 'nobody', 'ineffective'),
  form('inherit-only', '(A;CIIO;0xf01ff;;;%M)', 'nobody', 'ineffective'),
  form('container inherit', '(A;CI;0xf01ff;;;%M)', 'middle'),
  form('inherited', '(A;ID;0xf01ff;;;%M)', 'middle'),
  form('self', '(A;;CR;;;PS)', 'nobody', 'ineffective'),
  form('owner rights', '(A;;CR;;;OW)', 'nobody', 'ineffective'),
  form('conditional', '(XA;;CR;;;%M;(Member_of{SID(%G)}))', 'middle', 'conditional'),
  form('foreign', '(A;;0xf01ff;;;%F)', 'foreign', 'foreign'),
  form('unknown domain', '(A;;0xf01ff;;;%U)', 'foreign', 'foreign'),
  form('orphan', '(A;;0xf01ff;;;%O)(A;;0xf01ff;;;%M)', 'orphan', 'orphan'),
];
