import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { AttributeType } from '@doublehop/directory/schema/schema';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Guid } from '@doublehop/security/guid';
import type { Sid } from '@doublehop/security/sid';
import { mayDo, type Wish } from './access/access.ts';
import { ControlRight } from './access/guids.ts';
import { ownersOf } from './access/owners.ts';
import { hasPrivilege } from './access/privileges.ts';
import type { Subject } from './access/subject.ts';
import { checkValidated } from './access/validated-writes.ts';
import { SdFlag } from './descriptors.ts';
import { accessDenied } from './failures.ts';

/** Throws insufficientAccessRights where the subject may not. */
export function demand(subject: Subject, entry: Entry, wish: Wish): void {
  if (!mayDo(subject, entry, wish)) throw accessDenied();
}

/**
 * Throws unless the subject may make every one of the changes (MS-ADTS 3.1.1.5.3.1): by
 * WRITE_PROPERTY, else by the validated write of the attribute; the descriptor by its parts, and
 * some attributes by a privilege or a control access right besides.
 */
export function demandChanges(
  subject: Subject,
  entry: Entry,
  changes: readonly Modification[],
  sdFlags: number,
): void {
  const { schema, domain, source } = subject.decisions;
  const target = {
    entry,
    structuralClass: entry.structuralClass,
    changes,
    domainHead: source.find(domain.dn),
  };
  for (const change of changes) {
    const attribute = schema.attribute(change.attribute);
    // What the schema does not know is refused by the directory itself.
    if (attribute === undefined) continue;
    if (attribute.name === 'nTSecurityDescriptor') {
      demandDescriptor(subject, entry, change.values, sdFlags);
      continue;
    }
    if (mayDo(subject, entry, { kind: 'write', attribute })) {
      demandMore(subject, entry, attribute, change);
      continue;
    }
    demand(subject, entry, { kind: 'validatedWrite', attribute });
    checkValidated(subject, target, change);
  }
}

/** What takes more than WRITE_PROPERTY: trust to delegate, and the roles of controllers. */
function demandMore(
  subject: Subject,
  entry: Entry,
  { name }: AttributeType,
  { operation, values }: Modification,
): void {
  if (name === 'msDS-AllowedToDelegateTo') demandDelegation(subject);
  // Past SIDs are put there by moves between domains (MS-DRSR 4.1.2), and only taken away here.
  if (name === 'sIDHistory' && operation !== 'delete' && values.length > 0) throw accessDenied();
  if (name !== 'fSMORoleOwner') return;
  const right = ROLES.get(entry.structuralClass);
  if (right !== undefined) demand(subject, entry, { kind: 'control', right });
}

/** SeEnableDelegationPrivilege (MS-ADTS 3.1.1.5.2.1, 3.1.1.5.3.1). */
export function demandDelegation({ token }: Subject): void {
  if (!hasPrivilege(token, 'SeEnableDelegationPrivilege')) throw accessDenied();
}

/** The right to take a role, by the class of the entry that holds it (MS-ADTS 3.1.1.5.3.1.2). */
const ROLES: ReadonlyMap<string, Guid> = new Map([
  ['infrastructureUpdate', ControlRight.changeInfrastructureMaster],
  ['dMD', ControlRight.changeSchemaMaster],
  ['rIDManager', ControlRight.changeRidMaster],
  ['domainDNS', ControlRight.changePdc],
  ['crossRefContainer', ControlRight.changeDomainMaster],
]);

/** ERROR_INVALID_OWNER, ERROR_INVALID_SECURITY_DESCR. */
const INVALID_OWNER = 0x51b;
const INVALID_DESCRIPTOR = 0x53a;

function demandDescriptor(
  subject: Subject,
  entry: Entry,
  values: readonly Value[],
  flags: number,
): void {
  for (const value of values) checkOwner(subject, value, flags);
  demand(subject, entry, { kind: 'writeDescriptor', flags });
}

/**
 * Owners are oneself, the groups that one may pass things to, or anybody for those who may restore
 * (MS-ADTS 6.1.3.3, 6.1.3.8); checked before the rights are.
 */
export function checkOwner(subject: Subject, value: Value, flags: number): void {
  if ((flags & SdFlag.owner) === 0 || typeof value === 'string') return;
  const owner = ownerIn(value);
  const { sid, token, decisions } = subject;
  if (owner === undefined || owner === sid || hasPrivilege(token, 'SeRestorePrivilege')) return;
  if (ownersOf(token, decisions.domain).includes(owner)) return;
  throw new DirectoryError('constraintViolation', 'the owner may not be given', {
    win32: INVALID_OWNER,
  });
}

function ownerIn(bytes: Uint8Array): Sid | undefined {
  try {
    return decodeDescriptor(bytes).owner;
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    const win32 = INVALID_DESCRIPTOR;
    throw new DirectoryError('constraintViolation', 'not a security descriptor', { win32 });
  }
}
