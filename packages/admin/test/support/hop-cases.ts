// The combinations of which a prediction has to be true: users, middles, descriptors, evidence.
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import type { Sid } from '@doublehop/security/sid';

/** Accounts whose SIDs a descriptor names. */
export interface Cast {
  readonly domain: Sid;
  /** Every middle. */
  readonly middles: readonly Sid[];
  /** A global group of all the middles, one that holds this group, a domain-local one. */
  readonly group: Sid;
  readonly outerGroup: Sid;
  readonly localGroup: Sid;
  /** A group of none of them. */
  readonly otherGroup: Sid;
}

/** A value of msDS-AllowedToActOnBehalfOfOtherIdentity; undefined: there is none. */
export type Form = (cast: Cast) => Uint8Array | undefined;

/** One ACE a middle, in place of `%M`; further letters stand for groups. */
function sddl(text: string, before = '', after = ''): Form {
  return (cast) => {
    const named = (template: string): string =>
      template
        .replaceAll('%G', cast.group)
        .replaceAll('%U', cast.outerGroup)
        .replaceAll('%L', cast.localGroup)
        .replaceAll('%O', cast.otherGroup)
        .replaceAll('%D', cast.domain);
    const each = (template: string): string =>
      template === '' ? '' : cast.middles.map((sid) => template.replaceAll('%M', sid)).join('');
    const aces = text.includes('%M') ? each(text) : text;
    return encodeDescriptor(parseSddl(named(`O:BAD:${each(before)}${aces}${each(after)}`)));
  };
}

const RBCD = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';

/** Every form of directory descriptors that KDCs were seen to treat in a way of its own. */
export const FORMS: Readonly<Record<string, Form>> = {
  absent: () => undefined,
  unparsable: () => Uint8Array.of(1, 0, 4, 128, 200),
  'empty DACL': () => encodeDescriptor(parseSddl('O:BAD:')),
  'no DACL': () => encodeDescriptor({ control: 0x8000, owner: 'S-1-5-32-544' }),
  'owner alone': ({ middles: [first = 'S-1-5-7'] }) =>
    encodeDescriptor({ control: 0x8004, owner: first, dacl: { revision: 2, aces: [] } }),
  'NULL DACL': () => encodeDescriptor({ control: 0x8004, dacl: 'null' }),
  'full control': sddl('(A;;0xf01ff;;;%M)'),
  'control access': sddl('(A;;CR;;;%M)'),
  'every bit but generic ones': sddl('(A;;0xf31fffff;;;%M)'),
  'generic all': sddl('(A;;GA;;;%M)'),
  'generic write': sddl('(A;;GW;;;%M)'),
  'write property': sddl('(A;;WP;;;%M)'),
  'read property': sddl('(A;;RP;;;%M)'),
  everyone: sddl('(A;;CR;;;WD)'),
  'authenticated users': sddl('(A;;CR;;;AU)'),
  network: sddl('(A;;CR;;;NU)'),
  'domain computers': sddl('(A;;CR;;;%D-515)'),
  group: sddl('(A;;0xf01ff;;;%G)'),
  'group in a group': sddl('(A;;0xf01ff;;;%U)'),
  'domain-local group': sddl('(A;;0xf01ff;;;%L)'),
  'another group': sddl('(A;;0xf01ff;;;%O)'),
  'deny, then allow': sddl('(D;;CR;;;%M)', '', '(A;;0xf01ff;;;%M)'),
  'allow, then deny': sddl('(A;;0xf01ff;;;%M)', '', '(D;;CR;;;%M)'),
  'deny a group, then allow': sddl('(D;;CR;;;%G)', '', '(A;;0xf01ff;;;%M)'),
  'deny another group, then allow': sddl('(D;;CR;;;%O)', '', '(A;;0xf01ff;;;%M)'),
  'deny everyone, then allow': sddl('(D;;CR;;;WD)', '', '(A;;0xf01ff;;;%M)'),
  'deny another right, then allow': sddl('(D;;WP;;;%M)', '', '(A;;0xf01ff;;;%M)'),
  'object ACE': sddl('(OA;;CR;;;%M)'),
  'object ACE with a type': sddl(`(OA;;CR;${RBCD};;%M)`),
  'inherit-only': sddl('(A;CIIO;0xf01ff;;;%M)'),
  'inheritable, inherited': sddl('(A;CIID;0xf01ff;;;%M)'),
  self: sddl('(A;;0xf01ff;;;PS)'),
  'owner rights': sddl('(A;;0xf01ff;;;OW)'),
  'condition that holds': sddl('(XA;;0xf01ff;;;%M;(Member_of {SID(%G)}))'),
  'condition that does not': sddl('(XA;;0xf01ff;;;%M;(Member_of {SID(%O)}))'),
  'no owner': ({ middles }) => {
    const { dacl } = parseSddl(`D:${middles.map((sid) => `(A;;CR;;;${sid})`).join('')}`);
    return encodeDescriptor({ control: 0x8004, ...(dacl === undefined ? {} : { dacl }) });
  },
};

/** Users by what is special about them. */
export const USERS = [
  'normal',
  'sensitive',
  'protected',
  'disabled',
  'expired',
  'never-at-work',
  'must-change',
  'stale-password',
  'locked',
] as const;

export type UserKind = (typeof USERS)[number];

/** Middles by what they are. */
export const MIDDLES = [
  /** A computer. */
  'computer',
  /** With TRUSTED_TO_AUTH_FOR_DELEGATION. */
  'trusted',
  /** With a list of its own that names every target. */
  'lister',
  /** With a list of its own that names something else. */
  'other-list',
  /** With the bit and such a list. */
  'trusted-lister',
  'gmsa',
  /** A user with an SPN, and one without. */
  'service-user',
  'nameless-user',
  'disabled-computer',
] as const;

export type MiddleKind = (typeof MIDDLES)[number];

/** How the middle comes by the evidence. */
export const EVIDENCE = ['own', 'own-not-forwardable', 's4u2self'] as const;

export type EvidenceCase = (typeof EVIDENCE)[number];

/** Names of targets, one for each form: `t00`, `t01`. */
export function targetName(index: number): string {
  return `t${String(index).padStart(2, '0')}`;
}
