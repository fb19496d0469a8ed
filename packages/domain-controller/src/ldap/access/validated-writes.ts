import type { Entry, Modification, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { Schema } from '@doublehop/directory/schema/schema';
import { accessDenied } from '../failures.ts';
import { valuesAfter } from './sam-rules.ts';
import type { Subject } from './subject.ts';

/** An entry under a validated write, with all that the same request changes of it. */
export interface ValidatedEntry {
  /** The entry before; undefined for one that is being added. */
  readonly entry: Entry | undefined;
  /** Its most specific class. */
  readonly structuralClass: string;
  readonly changes: readonly Modification[];
  /** The head of the domain: msDS-AllowedDNSSuffixes. */
  readonly domainHead: Entry | undefined;
}

/**
 * Whether a value may be written by the validated write of its attribute (MS-ADTS 3.1.1.5.3.1.1).
 * Values that are only deleted need not be valid, members excepted. Throws constraintViolation, or
 * insufficientAccessRights for what no validated write is meant for.
 */
export function checkValidated(
  subject: Subject,
  target: ValidatedEntry,
  { attribute, operation, values }: Modification,
): void {
  const { schema } = subject.decisions;
  switch (schema.attribute(attribute)?.name ?? '') {
    case 'member':
      return checkSelfMembership(subject, operation, values);
    case 'dNSHostName':
      if (!isKind(schema, target, ['computer', 'server'])) throw accessDenied();
      return checkEach(operation, values, (value) => isHostName(subject, target, value));
    case 'msDS-AdditionalDnsHostName':
      return checkEach(operation, values, (value) => isAdditionalName(schema, target, value));
    case 'servicePrincipalName':
      if (!isKind(schema, target, ['computer'])) throw accessDenied();
      return checkEach(operation, values, (value) => isOwnSpn(subject, target, value));
    default:
      // The others are for read-only controllers and for keys of devices.
      throw accessDenied();
  }
}

function checkEach(
  operation: Modification['operation'],
  values: readonly Value[],
  isValid: (value: string) => boolean,
): void {
  if (operation === 'delete') return;
  if (values.every((value) => typeof value === 'string' && isValid(value))) return;
  throw new DirectoryError('constraintViolation', 'a validated write of no valid value');
}

/** MS-ADTS 3.1.1.5.3.1.1.1: one adds and removes oneself. */
function checkSelfMembership(
  { sid, decisions }: Subject,
  operation: Modification['operation'],
  values: readonly Value[],
): void {
  const own = (value: Value): boolean =>
    typeof value === 'string' && decisions.source.find(value)?.sid === sid;
  const [first, ...more] = values;
  if (operation === 'replace' || first === undefined || more.length > 0 || !own(first)) {
    throw accessDenied();
  }
}

/** MS-ADTS 3.1.1.5.3.1.1.2: the account's name without `$`, in the domain or an allowed suffix. */
function isHostName(subject: Subject, target: ValidatedEntry, value: string): boolean {
  const { domain } = subject.decisions;
  const suffixes = [domain.dnsName, ...suffixesOf(target)];
  const label = accountLabel(target);
  return suffixes.some((suffix) => value.toLowerCase() === `${label}.${suffix.toLowerCase()}`);
}

/** MS-ADTS 3.1.1.5.3.1.1.3: any label in an allowed suffix. */
function isAdditionalName(schema: Schema, target: ValidatedEntry, value: string): boolean {
  if (!isKind(schema, target, ['computer', 'server'])) return false;
  const [label = '', ...rest] = value.toLowerCase().split('.');
  const suffix = rest.join('.');
  const isLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);
  return isLabel && suffixesOf(target).some((one) => one.toLowerCase() === suffix);
}

/**
 * MS-ADTS 3.1.1.5.3.1.1.4: two parts, the second a name of the machine, no instance name; three
 * parts for domain controllers. The account's own name alone does no harm and is taken too.
 */
function isOwnSpn({ decisions }: Subject, target: ValidatedEntry, value: string): boolean {
  const spn = value.toLowerCase();
  const textOf = (name: string): string[] =>
    valuesAfter(target.entry, target.changes, name)
      .filter((one) => typeof one === 'string')
      .map((one) => one.toLowerCase());
  const samNames = [...textOf('sAMAccountName'), ...textOf('msDS-AdditionalSamAccountName')];
  if (samNames.includes(spn)) return true;
  const [service = '', host = '', realm, ...more] = spn.split('/');
  if (service === '' || host === '' || more.length > 0 || spn.includes(':')) return false;
  const { dnsName, netbiosName, dsaGuid } = decisions.domain;
  const control = Number(textOf('userAccountControl')[0] ?? '0');
  const isController = (control & 0x2000) !== 0;
  if (realm !== undefined) {
    const realms = service === 'gc' ? [dnsName] : [dnsName, netbiosName];
    if (!isController || !realms.some((one) => one.toLowerCase() === realm)) return false;
  }
  const present = target.entry?.text('dNSHostName')?.toLowerCase();
  const hosts = [
    ...samNames.map((name) => name.replace(/\$$/, '')),
    ...textOf('dNSHostName'),
    ...textOf('msDS-AdditionalDnsHostName'),
    ...(present === undefined ? [] : [present]),
  ];
  if (hosts.includes(host)) return true;
  // There is one controller; the name is made of its DSA's GUID (MS-ADTS 3.1.1.5.3.1.1.4).
  return isController && host === `${dsaGuid}._msdcs.${dnsName}`.toLowerCase();
}

function accountLabel({ entry, changes }: ValidatedEntry): string {
  const [name] = valuesAfter(entry, changes, 'sAMAccountName');
  return typeof name === 'string' ? name.replace(/\$$/, '').toLowerCase() : '';
}

function suffixesOf({ domainHead }: ValidatedEntry): string[] {
  const values = domainHead?.values('msDS-AllowedDNSSuffixes') ?? [];
  return values.filter((value) => typeof value === 'string');
}

function isKind(
  schema: Schema,
  { structuralClass }: ValidatedEntry,
  kinds: readonly string[],
): boolean {
  const type = schema.classType(structuralClass);
  return type !== undefined && kinds.some((kind) => schema.isKindOf(type, kind));
}
