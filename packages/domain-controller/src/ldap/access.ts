import type { Entry } from '@doublehop/directory/entry';
import type { AttributeType, ClassType } from '@doublehop/directory/schema/schema';
import { accessCheck, type Token } from '@doublehop/security/access-check';
import { Right } from '@doublehop/security/access-mask';
import {
  type Ace,
  decodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Guid } from '@doublehop/security/guid';
import { decodeSid, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';

/** Who asks: the account and all the SIDs that it goes by. */
export interface Subject {
  readonly sid: Sid;
  readonly token: Token;
  /** Whether `isAdministrator` holds for the token. */
  readonly administrator: boolean;
}

/** What somebody wants to do to an entry. */
export type Wish =
  | { readonly kind: 'write'; readonly attribute: AttributeType }
  /** Add an entry of the class below it. */
  | { readonly kind: 'create'; readonly type: ClassType }
  | { readonly kind: 'delete' }
  /** Remove an entry of the class below it. */
  | { readonly kind: 'deleteChild'; readonly type: ClassType | undefined }
  /** User-Force-Change-Password (MS-ADTS 5.1.3.2.1): set a password without knowing the old one. */
  | { readonly kind: 'resetPassword' };

/**
 * Whether the subject may do it. In order: administrators may do anything; what a privilege guards
 * is theirs alone; the entry's own descriptor grants or denies (MS-ADTS 5.1.3); at last, two grants
 * that a Windows domain hands down to every account are given to all that have no descriptor yet:
 * an account may write its own RBCD attribute, and the creator of a computer its account
 * restrictions. Everything else is refused.
 */
export function mayDo(subject: Subject, entry: Entry, wish: Wish): boolean {
  if (subject.administrator) return true;
  if (wish.kind === 'write' && isPrivileged(wish.attribute.name)) return false;
  const verdict = byDescriptor(subject, entry, wish);
  if (verdict !== 'silent') return verdict === 'granted';
  return wish.kind === 'write' && mayWriteByDefault(subject, entry, wish.attribute);
}

/** Whether a token is an administrator's of the domain: what AD's default descriptors let write. */
export function isAdministrator(token: Token, domain: Sid): boolean {
  return (
    token.sids.has(wellKnown.builtinAdministrators) ||
    token.sids.has(withRid(domain, DomainRid.domainAdmins)) ||
    token.sids.has(withRid(domain, DomainRid.enterpriseAdmins))
  );
}

/**
 * Whether an attribute, by its name of any case, is guarded by SeEnableDelegationPrivilege or of
 * like consequence (MS-ADTS 3.1.1.5.3.1.1.4): a right to write it is not enough.
 */
export function isPrivileged(attribute: string): boolean {
  return PRIVILEGED.has(attribute.toLowerCase());
}

const RBCD = 'msDS-AllowedToActOnBehalfOfOtherIdentity';
const ACCOUNT_RESTRICTIONS: Guid = '4c164200-20c0-11d0-a768-00aa006e0529';
const FORCE_CHANGE_PASSWORD: Guid = '00299570-246d-11d0-a768-00aa006e0529';

const PRIVILEGED: ReadonlySet<string> = new Set([
  'msds-allowedtodelegateto',
  'primarygroupid',
  'sidhistory',
  'useraccountcontrol',
]);

interface Demand {
  readonly mask: number;
  readonly types: readonly (Guid | undefined)[];
}

function demandOf(wish: Wish): Demand {
  switch (wish.kind) {
    case 'write': {
      const { name, schemaIdGuid, propertySet } = wish.attribute;
      // Owner and access list are under rights of their own (MS-ADTS 5.1.3.3.2).
      if (name === 'nTSecurityDescriptor') {
        return { mask: Right.writeDac | Right.writeOwner, types: [] };
      }
      return { mask: Right.writeProperty, types: [schemaIdGuid, propertySet] };
    }
    case 'create':
      return { mask: Right.createChild, types: [wish.type.schemaIdGuid] };
    case 'delete':
      return { mask: Right.delete, types: [] };
    case 'deleteChild':
      return { mask: Right.deleteChild, types: [wish.type?.schemaIdGuid] };
    case 'resetPassword':
      return { mask: Right.controlAccess, types: [FORCE_CHANGE_PASSWORD] };
  }
}

type Verdict = 'granted' | 'denied' | 'silent';

function byDescriptor({ token }: Subject, entry: Entry, wish: Wish): Verdict {
  const bytes = entry.bytes('nTSecurityDescriptor');
  if (bytes === undefined) return 'silent';
  const descriptor = readDescriptor(bytes);
  if (descriptor === undefined) return 'denied';
  const { mask, types } = demandOf(wish);
  const result = accessCheck(descriptor, token, mask, {
    objectTypes: new Set(types.filter((type) => type !== undefined)),
    ...(entry.sid === undefined ? {} : { self: entry.sid }),
    ownerRights: true,
  });
  if (result.granted) return 'granted';
  return result.reason === 'denied-by-ace' ? 'denied' : 'silent';
}

function readDescriptor(bytes: Uint8Array): SecurityDescriptor | undefined {
  try {
    const descriptor = decodeDescriptor(bytes);
    const { dacl } = descriptor;
    if (dacl === undefined || dacl === 'null') return descriptor;
    return { ...descriptor, dacl: { ...dacl, aces: dacl.aces.map(specific) } };
  } catch (error) {
    if (error instanceof SecurityError) return undefined;
    throw error;
  }
}

/** Generic rights of a directory object (MS-ADTS 5.1.3.2). */
const GENERIC: readonly (readonly [number, number])[] = [
  [Right.genericAll, 0x000f_01ff],
  [Right.genericRead, 0x0002_0094],
  [Right.genericWrite, 0x0002_0028],
  [Right.genericExecute, 0x0002_0004],
];

function specific(ace: Ace): Ace {
  let { mask } = ace;
  for (const [generic, rights] of GENERIC) if ((ace.mask & generic) !== 0) mask |= rights;
  return mask === ace.mask ? ace : { ...ace, mask: mask >>> 0 };
}

/**
 * What Windows' domains grant by inheritance: `(OA;CIOI;RPWP;3f78c3e5-…;;PS)` from the preparation
 * of the domain for 2012, and `(OA;;WP;4c164200-…;;CO)` of the class computer.
 */
function mayWriteByDefault({ sid }: Subject, entry: Entry, attribute: AttributeType): boolean {
  if (attribute.name === RBCD && entry.sid === sid) return true;
  if (attribute.propertySet !== ACCOUNT_RESTRICTIONS) return false;
  const creator = entry.bytes('mS-DS-CreatorSID');
  return creator !== undefined && decodeSid(creator) === sid;
}
