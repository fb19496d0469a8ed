import { structuralClass } from '@doublehop/directory/checks';
import { formatDn, parseDn } from '@doublehop/directory/dn';
import type { Entry, Value } from '@doublehop/directory/entry';
import { DirectoryError } from '@doublehop/directory/errors';
import type { ClassType } from '@doublehop/directory/schema/schema';
import type { DirectoryWriter } from '@doublehop/directory/writer';
import { hasControl } from '@doublehop/ldap/controls';
import type { Control } from '@doublehop/ldap/messages/common';
import { CONTROLS } from '@doublehop/ldap/oids';
import type { AddRequest, ModifyDnRequest } from '@doublehop/ldap/server/handler';
import { encodeSid } from '@doublehop/security/sid';
import { isMachineClass, passwordKeys, saltOf, storeKeys } from '../directory-keys.ts';
import { mayDo, type Wish } from './access/access.ts';
import { type Caller, type LdapContext, requireCaller, type Session } from './context.ts';
import { accessDenied, passwordRefused } from './failures.ts';
import { GEN_FAILURE, readUnicodePwd } from './unicode-pwd.ts';
import { inputValues, passwordAttribute, updatedAttribute } from './input.ts';

/** Adds an entry (MS-ADTS 3.1.1.5.2), with its password if there is one. */
export async function add(
  context: LdapContext,
  session: Session,
  { entry: dn, attributes }: AddRequest,
): Promise<void> {
  const caller = requireCaller(session);
  const { directory, domain, settings } = context;
  const { input, password } = readAttributes(context, session, attributes);
  const classes = textsOf(input.get('objectclass')?.values);
  const type = structuralClass(directory.schema, classes);
  const [rdn, ...above] = parseDn(dn);
  if (rdn === undefined) throw new DirectoryError('namingViolation', 'the root is no entry');
  const [samAccountName = rdn.value] = textsOf(input.get('samaccountname')?.values);
  const machine = isMachineClass(classes);
  const salt = saltOf(domain, { samAccountName, machine });
  const keys =
    password === undefined
      ? undefined
      : await passwordKeys(password, salt, settings.encryptionTypes);
  const values = Object.fromEntries(Array.from(input.values(), (one) => [one.name, one.values]));
  const parent = { dn: formatDn(above) };
  await directory.write((writer) => {
    const container = writer.find(parent);
    // Without one, the writer says how far down the name leads.
    if (container !== undefined) demand(caller, container, { kind: 'create', type });
    if (!caller.administrator) refusePrivileged(input.values());
    const { id } = writer.add(dn, values);
    if (!caller.administrator && machine) noteCreator(writer, id, caller);
    if (keys !== undefined) storeKeys(writer, { id }, keys);
  });
}

/** Removes an entry, with the tree control all below it (MS-ADTS 3.1.1.5.5). */
export async function remove(
  { directory }: LdapContext,
  session: Session,
  dn: string,
  controls: readonly Control[],
): Promise<void> {
  const caller = requireCaller(session);
  const subtree = hasControl(controls, CONTROLS.treeDelete);
  await directory.write((writer) => {
    const entry = writer.find(dn);
    if (entry !== undefined && !mayRemove(caller, entry, writer, subtree)) throw accessDenied();
    writer.remove(dn, { subtree });
  });

  function mayRemove(by: Caller, entry: Entry, writer: DirectoryWriter, tree: boolean): boolean {
    if (by.administrator) return true;
    if (tree) return false;
    const type: ClassType | undefined = directory.schema.classType(entry.structuralClass);
    const parent = writer.find({ id: entry.parentId });
    const wish: Wish = { kind: 'deleteChild', type };
    return (
      mayDo(by, entry, { kind: 'delete' }) || (parent !== undefined && mayDo(by, parent, wish))
    );
  }
}

/** Renames or moves an entry (MS-ADTS 3.1.1.5.4); moves are the administrators'. */
export async function rename(
  { directory }: LdapContext,
  session: Session,
  { entry: dn, newRdn, deleteOldRdn, newSuperior }: ModifyDnRequest,
): Promise<void> {
  const caller = requireCaller(session);
  await directory.write((writer) => {
    const entry = writer.find(dn);
    if (entry !== undefined && !caller.administrator) {
      if (newSuperior !== undefined) throw accessDenied();
      for (const name of ['name', parseDn(newRdn)[0]?.type ?? '']) {
        const attribute = directory.schema.attribute(name);
        if (attribute === undefined) throw accessDenied();
        demand(caller, entry, { kind: 'write', attribute });
      }
    }
    const superior = newSuperior === undefined ? {} : { newSuperior };
    writer.rename(dn, { newRdn, deleteOldRdn, ...superior });
  });
}

/** Throws insufficientAccessRights where the caller may not. */
export function demand(caller: Caller, entry: Entry, wish: Wish): void {
  if (!mayDo(caller, entry, wish)) throw accessDenied();
}

interface Given {
  readonly name: string;
  readonly values: readonly Value[];
}

/** The attributes of a new entry by lower-case name, and the password among them. */
function readAttributes(
  { directory }: LdapContext,
  session: Session,
  attributes: AddRequest['attributes'],
): { readonly input: ReadonlyMap<string, Given>; readonly password: string | undefined } {
  const input = new Map<string, Given>();
  let password: string | undefined;
  for (const { type, values } of attributes) {
    const name = updatedAttribute(directory.schema, type);
    if (passwordAttribute(name)) {
      const [value] = values;
      if (!session.confidential || value === undefined || values.length > 1) {
        throw passwordRefused(GEN_FAILURE);
      }
      password = readUnicodePwd(value);
      continue;
    }
    const key = name.toLowerCase();
    if (input.has(key)) {
      throw new DirectoryError('attributeOrValueExists', `${name} is given twice`);
    }
    input.set(key, { name, values: inputValues(directory.schema, name, values) });
  }
  return { input, password };
}

function textsOf(values: readonly Value[] = []): string[] {
  return values.filter((value) => typeof value === 'string');
}

/**
 * Bits of userAccountControl that whoever may create an account may give it: disabled, no password
 * needed, a user or a computer, a password that does not expire.
 */
const HARMLESS_CONTROL = 0x1_1222;

const PRIVILEGED: ReadonlySet<string> = new Set([
  'msds-allowedtodelegateto',
  'primarygroupid',
  'sidhistory',
  'useraccountcontrol',
]);

function refusePrivileged(input: Iterable<Given>): void {
  for (const { name, values } of input) {
    if (!PRIVILEGED.has(name.toLowerCase())) continue;
    const isControl = name.toLowerCase() === 'useraccountcontrol';
    const harmless = values.every((value) => (Number(value) & ~HARMLESS_CONTROL) === 0);
    if (!isControl || !harmless) throw accessDenied();
  }
}

/** mS-DS-CreatorSID (MS-ADTS 3.1.1.5.2.4): who made a computer without being an administrator. */
function noteCreator(writer: DirectoryWriter, id: number, { sid }: Caller): void {
  const values = [encodeSid(sid)];
  const change = { operation: 'replace', attribute: 'mS-DS-CreatorSID', values } as const;
  writer.modify({ id }, [change], { system: true });
}
