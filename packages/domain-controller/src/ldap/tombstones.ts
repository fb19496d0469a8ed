import { formatDn, parseDn } from '@doublehop/directory/dn';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { Entry } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import { DEFAULT_TOMBSTONE_DAYS } from '@doublehop/directory/tombstone';
import { hasControl } from '@doublehop/ldap/controls';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';
import type { ModifyRequest } from '@doublehop/ldap/server/handler';
import { GARBAGE_BATCH } from '../limits.ts';
import { mayDo } from './access/access.ts';
import { ControlRight } from './access/guids.ts';
import { type Subject, within } from './access/subject.ts';
import { clientOf, type LdapContext, type Session } from './context.ts';
import { accessDenied } from './failures.ts';
import { inputValues } from './input.ts';
import { demandNames } from './update.ts';
import { demand } from './write-access.ts';

const DAY = 86_400_000;

/** The least lifetime that is heeded, in days (MS-ADTS 6.1.1.2.4.1.1). */
const LEAST_DAYS = 2;

/** Forgets the tombstones whose lifetime is over; returns how many (MS-ADTS 3.1.1.6.2). */
export async function collectTombstones({
  directory,
  domain,
  clock,
}: Pick<LdapContext, 'clock' | 'directory'> & {
  readonly domain: DomainInfo;
}): Promise<number> {
  const service = directory.find(
    `CN=Directory Service,CN=Windows NT,CN=Services,${domain.configurationDn}`,
  );
  const asked = Number(service?.text('tombstoneLifetime') ?? DEFAULT_TOMBSTONE_DAYS);
  const before = clock() - Math.max(asked, LEAST_DAYS) * DAY;
  let all = 0;
  for (;;) {
    const gone = await directory.write((writer) => writer.collectGarbage(before, GARBAGE_BATCH));
    all += gone;
    if (gone < GARBAGE_BATCH) return all;
  }
}

/** A reanimation: the name that a tombstone gets, and the other changes. */
interface Reanimation {
  readonly dn: string;
  readonly changes: ModifyRequest['changes'];
}

/**
 * The reanimation that a modify is (MS-ADTS 3.1.1.5.3.7): with the control for deleted entries, it
 * deletes isDeleted and replaces distinguishedName. Undefined: it is an ordinary modify.
 */
export function reanimationOf(
  { changes }: ModifyRequest,
  controls: readonly Control[],
): Reanimation | undefined {
  if (!showsDeleted(controls)) return undefined;
  const named = (name: string) =>
    changes.filter(({ modification }) => modification.type.toLowerCase() === name);
  const [unmark] = named('isdeleted');
  const [rename] = named('distinguishedname');
  const [value] = rename?.modification.values ?? [];
  const isOne =
    unmark?.operation === 'delete' && rename?.operation === 'replace' && value !== undefined;
  if (!isOne) return undefined;
  const others = changes.filter((change) => change !== unmark && change !== rename);
  return { dn: Buffer.from(value).toString('utf8'), changes: others };
}

/** Whether an operation sees deleted entries. */
export function showsDeleted(controls: readonly Control[]): boolean {
  return hasControl(controls, CONTROLS.showDeleted) || hasControl(controls, CONTROLS.showRecycled);
}

/**
 * Throws what AD answers to changes of a deleted entry that is no reanimation, when they can see it
 * (MS-ADTS 3.1.1.5.3.2, 3.1.1.5.5.5): accounts are gone, others are not to be changed.
 */
export function refuseDeleted(
  context: LdapContext,
  session: Session,
  dn: string,
  controls: readonly Control[],
): void {
  clientOf(context, session);
  if (!showsDeleted(controls)) return;
  const { directory } = context;
  directory.refresh();
  const entry = directory.find(dn, { deleted: true });
  if (entry?.text('isDeleted') !== 'TRUE') return;
  throw new DirectoryError('unwillingToPerform', 'the entry is deleted', { win32: ILLEGAL });
}

/**
 * Whether a modify is of a deleted entry's descriptor alone, by who may make it live again
 * (MS-ADTS 3.1.1.5.3.2): what else may be changed of one.
 */
export function isDeletedDescriptor(
  context: LdapContext,
  session: Session,
  { changes }: ModifyRequest,
  controls: readonly Control[],
): boolean {
  const isDescriptor = changes.every(
    ({ modification: { type } }) => type.toLowerCase() === 'ntsecuritydescriptor',
  );
  if (!isDescriptor || changes.length === 0 || !showsDeleted(controls)) return false;
  return mayReanimate(clientOf(context, session), context.domain);
}

function mayReanimate(subject: Subject, { dn }: DomainInfo): boolean {
  const head = subject.decisions.source.find(dn);
  const wish = { kind: 'control', right: ControlRight.reanimateTombstones } as const;
  return head !== undefined && mayDo(subject, head, wish);
}

/** ERROR_DS_ILLEGAL_MOD_OPERATION (MS-ERREF 2.2). */
const ILLEGAL = 0x2077;

/** Makes a tombstone the entry that it was (MS-ADTS 3.1.1.5.3.7.2). */
export async function reanimate(
  context: LdapContext,
  session: Session,
  object: string,
  { dn, changes }: Reanimation,
): Promise<void> {
  const caller = clientOf(context, session);
  const { directory, domain } = context;
  const modifications = changes.map(({ operation, modification: { type, values } }) => ({
    operation,
    attribute: type,
    values: inputValues(directory.schema, type, values),
  }));
  await directory.write((writer) => {
    const subject = within(caller, writer);
    if (!mayReanimate(subject, domain)) throw accessDenied();
    const entry = writer.find(object, { deleted: true });
    if (entry === undefined) throw new DirectoryError('noSuchObject', `there is no ${object}`);
    for (const { attribute } of modifications) demandWrite(subject, entry, attribute);
    demandPlace(subject, entry, dn);
    writer.reanimate({ id: entry.id }, dn, modifications);
  });

  function demandWrite(subject: Subject, entry: Parameters<typeof mayDo>[1], name: string): void {
    const attribute = directory.schema.attribute(name);
    if (attribute === undefined || !mayDo(subject, entry, { kind: 'write', attribute })) {
      throw accessDenied();
    }
  }
}

/** The right to rename it, and to create it in its new place (MS-ADTS 3.1.1.5.3.7.1). */
function demandPlace(subject: Subject, entry: Entry, dn: string): void {
  const [rdn, ...above] = parseDn(dn);
  if (rdn !== undefined) demandNames(subject, entry, formatDn([rdn]));
  const parent = subject.decisions.source.find({ dn: formatDn(above) });
  const type = subject.decisions.schema.classType(entry.structuralClass);
  if (parent !== undefined && type !== undefined) demand(subject, parent, { kind: 'create', type });
}
