import type { Entry, Modification } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { Right } from '@doublehop/security/access-mask';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { encodeSid, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { MAX_COUNTED_MACHINES } from '../limits.ts';
import { hasPrivilege } from './access/privileges.ts';
import type { Subject } from './access/subject.ts';
import { checkValidated } from './access/validated-writes.ts';
import type { AddSource, NewEntry } from './add-rules.ts';
import type { LdapContext } from './context.ts';
import { accessDenied } from './failures.ts';

/** ERROR_DS_MACHINE_ACCOUNT_QUOTA_EXCEEDED, …MISSING_REQUIRED_ATT, …SECURITY_ILLEGAL_MODIFY. */
const QUOTA_EXCEEDED = 0x216d;
const MISSING_REQUIRED = 0x207c;
const SECURITY_ILLEGAL_MODIFY = 0x20e7;
const INVALID_SYNTAX = 0x200b;

/** wellKnownObjects: where computers are made that name no other place (MS-ADTS 6.1.1.4). */
const COMPUTERS_GUID = 'AA312825768811D1ADED00C04FD8D5CD';

/**
 * Whether somebody without CREATE_CHILD may add a machine all the same: by
 * SeMachineAccountPrivilege, in the default container, within ms-DS-MachineAccountQuota, with no
 * more than a machine needs (MS-ADTS 3.1.1.5.2.2; MS-SAMR 3.1.5.4.4). Throws
 * insufficientAccessRights for all else.
 */
export function permitMachine(
  { domain }: LdapContext,
  subject: Subject,
  source: AddSource,
  parent: Entry,
  entry: NewEntry,
): void {
  const { schema } = subject.decisions;
  const head = source.find(domain.dn);
  const isMachine = schema.isKindOf(entry.type, 'computer') && entry.type.name === 'computer';
  const isPlace = head !== undefined && isComputersContainer(head, parent);
  const isDenied = subject.decisions
    .rightsOn(parent)
    .denies(Right.createChild, [entry.type.schemaIdGuid]);
  const may = hasPrivilege(subject.token, 'SeMachineAccountPrivilege');
  if (!isMachine || !isPlace || isDenied || !may) throw accessDenied();
  checkAttributes(subject, head, entry);
  const quota = Number(head.text('ms-DS-MachineAccountQuota') ?? '0');
  if (countMachines(subject, source, quota) < quota) return;
  throw new DirectoryError('unwillingToPerform', 'as many machines as one may make', {
    win32: QUOTA_EXCEEDED,
  });
}

/**
 * What a machine that was made by privilege is given: its maker is noted and keeps what CREATOR
 * OWNER is given, but it belongs to Domain Admins (MS-SAMR 3.1.5.4.4).
 */
export function noteCreator(
  { sid, decisions: { domain } }: Subject,
  writer: DirectoryWriter,
  id: number,
): void {
  const owner = withRid(domain.sid, DomainRid.domainAdmins);
  const bytes = writer.find({ id })?.bytes('nTSecurityDescriptor');
  const changes: Modification[] = [
    { operation: 'replace', attribute: 'mS-DS-CreatorSID', values: [encodeSid(sid)] },
  ];
  if (bytes !== undefined) {
    const values = [encodeDescriptor({ ...decodeDescriptor(bytes), owner, group: owner })];
    changes.push({ operation: 'replace', attribute: 'nTSecurityDescriptor', values });
  }
  writer.modify({ id }, changes, { system: true });
}

function isComputersContainer(head: Entry, parent: Entry): boolean {
  const wanted = `B:32:${COMPUTERS_GUID}:${parent.dn}`.toLowerCase();
  return head
    .values('wellKnownObjects')
    .some((value) => typeof value === 'string' && value.toLowerCase() === wanted);
}

/** What such a machine has and must have; its name besides, which clients may repeat. */
const REQUIRED = ['dNSHostName', 'servicePrincipalName', 'userAccountControl', 'sAMAccountName'];
const ALLOWED: ReadonlySet<string> = new Set([...REQUIRED, 'objectClass', 'cn', 'name']);

const WORKSTATION = 0x1000;
const DISABLED = 0x2;

function checkAttributes(subject: Subject, head: Entry, entry: NewEntry): void {
  const { values, password } = entry;
  for (const name of REQUIRED) if ((values[name] ?? []).length === 0) throw missing(name);
  for (const name of Object.keys(values)) if (!ALLOWED.has(name)) throw missing(name);
  const control = Number(values['userAccountControl']?.[0] ?? '0');
  const isPlain = (control | DISABLED) === (WORKSTATION | DISABLED);
  if (!isPlain) {
    throw new DirectoryError('unwillingToPerform', 'more than a workstation', {
      win32: SECURITY_ILLEGAL_MODIFY,
    });
  }
  if (password === undefined && (control & DISABLED) === 0) throw missing('unicodePwd');
  const changes = Object.entries(values).map(
    ([attribute, given]) => ({ operation: 'add', attribute, values: given }) as const,
  );
  const target = {
    entry: undefined,
    structuralClass: entry.type.name,
    changes,
    domainHead: head,
  };
  for (const change of changes) {
    if (!['dNSHostName', 'servicePrincipalName'].includes(change.attribute)) continue;
    try {
      checkValidated(subject, target, change);
    } catch {
      throw new DirectoryError('invalidAttributeSyntax', `${change.attribute} is not its own`, {
        win32: INVALID_SYNTAX,
      });
    }
  }
}

function missing(name: string): DirectoryError {
  const what = `${name} is not what a machine is made with`;
  return new DirectoryError('objectClassViolation', what, { win32: MISSING_REQUIRED });
}

/** Machines that somebody made, and that those machines made in their turn (MS-SAMR 3.1.5.4.4). */
function countMachines(
  { sid, decisions: { schema } }: Subject,
  source: AddSource,
  quota: number,
): number {
  const creator = schema.attribute('mS-DS-CreatorSID');
  if (creator === undefined) return 0;
  const makers: Sid[] = [sid];
  const counted = new Set<number>();
  for (const maker of makers) {
    for (const id of source.view.withValue(creator, encodeSid(maker))) {
      if (counted.has(id)) continue;
      counted.add(id);
      if (counted.size >= Math.min(quota, MAX_COUNTED_MACHINES)) return counted.size;
      const made = source.find({ id })?.sid;
      if (made !== undefined) makers.push(made);
    }
  }
  return counted.size;
}
