import { structuralClass } from '@doublehop/directory/checks';
import { randomName } from '@doublehop/directory/defaults';
import { formatDn, parseDn } from '@doublehop/directory/dn';
import type { AccountKey } from '@doublehop/directory/account';
import type { Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import type { AddRequest } from '@doublehop/ldap/server/handler';
import { giveManagedPassword } from '../accounts/managed/passwords.ts';
import { isComplex } from '../accounts/password-policy.ts';
import { isMachineClass, passwordKeys, saltOf, storeKeys } from '../directory-keys.ts';
import { creatorOf } from './access/owners.ts';
import { readHeuristics } from './access/heuristics.ts';
import { type Subject, within } from './access/subject.ts';
import { checkAddedAttributes, isChecked } from './added-attributes.ts';
import { type NewEntry, permitAdd, type Permitted } from './add-rules.ts';
import { clientOf, type LdapContext, type Session } from './context.ts';
import { passwordConstraint, passwordRefused } from './failures.ts';
import { inputValues, passwordAttribute, updatedAttribute } from './input.ts';
import { noteCreator } from './machine-quota.ts';
import { readPassword, violation } from './password-change.ts';
import { GEN_FAILURE } from './unicode-pwd.ts';

/**
 * Adds an entry (MS-ADTS 3.1.1.5.2), with its password if there is one: no key is derived for who
 * may not add it, and all is asked again in the unit that writes.
 */
export async function add(
  context: LdapContext,
  session: Session,
  request: AddRequest,
): Promise<void> {
  const caller = clientOf(context, session);
  const { directory } = context;
  directory.refresh();
  const entry = readEntry(context, session, request);
  let keys: readonly AccountKey[] | undefined;
  if (entry.password !== undefined) {
    const permitted = permitAdd(context, caller, directory, entry);
    if (permitted !== undefined) keys = await keysOf(context, entry, entry.password);
  }
  await directory.write((writer) => {
    const subject = within(caller, writer);
    const permitted = permitAdd(context, subject, writer, entry);
    if (permitted === undefined) {
      // There is nothing to add it to: the writer says how far down the name leads.
      writer.add(entry.dn, entry.values);
      return;
    }
    put(subject, writer, entry, permitted, keys);
  });
  // Its password is made of its SID, which it has only now (MS-ADTS 3.1.1.4.5.39).
  if (directory.schema.isKindOf(entry.type, 'msDS-GroupManagedServiceAccount')) {
    const { clock, random, settings } = context;
    const { encryptionTypes } = settings;
    await giveManagedPassword({ directory, clock, random, encryptionTypes }, entry.dn);
  }
}

function put(
  subject: Subject,
  writer: DirectoryWriter,
  entry: NewEntry,
  { values, byQuota, system }: Permitted,
  keys: readonly AccountKey[] | undefined,
): void {
  const creator = creatorOf(subject, entry.dn);
  const checked = isChecked(subject, writer, entry);
  const { nTSecurityDescriptor: descriptor, ...others } = values;
  const { id } = writer.add(entry.dn, checked ? others : values, { creator, also: system });
  if (checked) {
    checkAddedAttributes(subject, writer, id, entry);
    if (descriptor !== undefined) {
      const change = { attribute: 'nTSecurityDescriptor', values: descriptor } as const;
      writer.modify({ id }, [{ operation: 'replace', ...change }], { system: true });
    }
  }
  if (byQuota) noteCreator(subject, writer, id);
  if (keys !== undefined) storeKeys(writer, { id }, keys);
  const [time] = entry.values['pwdLastSet'] ?? [];
  // An account that must change its password at the next logon keeps saying so.
  if (keys !== undefined && time === '0') {
    writer.modify({ id }, [{ operation: 'replace', attribute: 'pwdLastSet', values: ['0'] }]);
  }
}

function readEntry(
  context: LdapContext,
  session: Session,
  { entry: dn, attributes }: AddRequest,
): NewEntry {
  const { directory, domain, random } = context;
  const { schema } = directory;
  const values: Record<string, readonly Value[]> = {};
  const seen = new Set<string>();
  let password: string | undefined;
  const heuristics = readHeuristics(directory, domain.configurationDn);
  for (const attribute of attributes) {
    const name = updatedAttribute(schema, attribute.type);
    if (attribute.values.length === 0) {
      throw new DirectoryError('constraintViolation', `${name} is given no value`);
    }
    const secret = passwordAttribute(name, heuristics.userPassword);
    if (secret !== undefined) {
      password = readNewPassword(session, secret, attribute.values);
      continue;
    }
    if (seen.has(name.toLowerCase())) {
      throw new DirectoryError('attributeOrValueExists', `${name} is given twice`);
    }
    seen.add(name.toLowerCase());
    const given = inputValues(schema, name, attribute.values);
    refuseEmpty(name, given);
    if (name === 'instanceType') checkInstanceType(given);
    else if (!IGNORED.has(name)) values[name] = given;
  }
  const classes = textsOf(values['objectClass']);
  const type = structuralClass(schema, classes);
  const parsed = parseDn(dn);
  if (parsed.length === 0) throw new DirectoryError('namingViolation', 'the root is no entry');
  const isAccount = schema.isKindOf(type, 'user');
  // The salt is made of the name, so one that is drawn has to be known here (MS-KILE 3.1.1.2).
  if (isAccount && textsOf(values['sAMAccountName']).length === 0) {
    values['sAMAccountName'] = [randomName(random)];
  }
  const parentDn = formatDn(parsed.slice(1));
  return { dn, parentDn, type, classes, values, password };
}

/** ERROR_DS_ATT_VAL_… is not told apart: an attribute that is given has a value (RFC 4511 §4.7). */
function refuseEmpty(name: string, values: readonly Value[]): void {
  if (values.length > 0) return;
  throw new DirectoryError('constraintViolation', `${name} is given without a value`);
}

/** What the directory sets whatever a client says (MS-ADTS 3.1.1.5.2.4). */
const IGNORED: ReadonlySet<string> = new Set([
  'distinguishedName',
  'isDeleted',
  'name',
  'proxiedObjectName',
  'replPropertyMetaData',
  'subRefs',
  'uSNCreated',
  'uSNDSALastObjRemoved',
  'uSNLastObjRem',
  'uSNChanged',
  'whenChanged',
  'whenCreated',
]);

/** ERROR_DS_BAD_INSTANCE_TYPE. */
const BAD_INSTANCE_TYPE = 0x20a1;

/** Clients make no naming contexts: IT_WRITE or nothing (MS-ADTS 3.1.1.5.2.2). */
function checkInstanceType(values: readonly Value[]): void {
  if (values.length === 1 && (values[0] === '4' || values[0] === '0')) return;
  const win32 = BAD_INSTANCE_TYPE;
  throw new DirectoryError('unwillingToPerform', 'instanceType is 4', { win32 });
}

function readNewPassword(
  session: Session,
  attribute: 'unicodePwd' | 'userPassword',
  values: readonly Uint8Array[],
): string {
  // Of several values of userPassword the last one counts (MS-ADTS 3.1.1.3.1.5.2).
  const value = values.at(-1);
  if (value === undefined) throw passwordConstraint(GEN_FAILURE, 'a password has one value');
  const several = attribute === 'unicodePwd' && values.length > 1;
  if (!session.confidential || several) throw passwordRefused(GEN_FAILURE);
  return readPassword(attribute, value);
}

async function keysOf(
  context: LdapContext,
  entry: NewEntry,
  password: string,
): Promise<readonly AccountKey[]> {
  const { domain, settings } = context;
  const [samAccountName = ''] = textsOf(entry.values['sAMAccountName']);
  const machine = isMachineClass(entry.classes);
  checkNewPassword(context, entry, samAccountName, password);
  const [userPrincipalName] = textsOf(entry.values['userPrincipalName']);
  const salt = saltOf(domain, { samAccountName, machine, userPrincipalName });
  return await passwordKeys(password, salt, settings.encryptionTypes);
}

/** Length and complexity by the domain's policy; machines are bound by none (MS-SAMR 3.1.1.7). */
function checkNewPassword(
  { directory, domain }: LdapContext,
  { values, classes }: NewEntry,
  samAccountName: string,
  password: string,
): void {
  const control = Number(textsOf(values['userAccountControl'])[0] ?? '0');
  if (isMachineClass(classes) || (control & NOT_BOUND) !== 0) return;
  const head = directory.find(domain.dn);
  if (password.length < Number(head?.text('minPwdLength') ?? '0'))
    throw violation('too-short', false);
  const complex = (Number(head?.text('pwdProperties') ?? '0') & 1) !== 0;
  const displayName = textsOf(values['displayName'])[0];
  if (complex && !isComplex(password, { samAccountName, displayName })) {
    throw violation('not-complex', false);
  }
}

/** PASSWD_NOTREQD, and the kinds of machines and trusts. */
const NOT_BOUND = 0x20 | 0x800 | 0x1000 | 0x2000;

function textsOf(values: readonly Value[] = []): string[] {
  return values.filter((value) => typeof value === 'string');
}
