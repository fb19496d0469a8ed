import type { DomainConnection } from '@doublehop/admin/connection';
import { firstEntries } from '@doublehop/admin/directory-client';
import { AdminError } from '@doublehop/admin/errors';
import { type Identity, identityFilter, parseIdentity } from '@doublehop/admin/identity';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import { equals, type Filter } from '@doublehop/ldap/filter';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import type { AdKind } from './ad-object.ts';
import { MissingIdentity } from './failures.ts';

/** Which entries a kind means. */
const CLASSES: Readonly<Record<AdKind, Filter>> = {
  Computer: parseFilter('(objectClass=computer)'),
  User: parseFilter('(&(objectCategory=person)(objectClass=user))'),
  ServiceAccount: parseFilter(
    '(|(objectClass=msDS-GroupManagedServiceAccount)(objectClass=msDS-ManagedServiceAccount))',
  ),
  Group: parseFilter('(objectClass=group)'),
  Principal: parseFilter('(objectSid=*)'),
  Object: parseFilter('(objectClass=*)'),
};

/** The filter of a kind's entries. */
export function kindFilter(kind: AdKind): Filter {
  return CLASSES[kind];
}

/**
 * The one entry of a kind that `-Identity` means: an object of another command, or a text that is a
 * distinguished name, GUID, SID or sAMAccountName, of computers and service accounts also without
 * `$`; of any object a distinguished name or GUID alone. Throws MissingIdentity, AdminError
 * `ambiguous` and `usage`.
 */
export async function entryOf(
  connection: DomainConnection,
  value: PsValue,
  kind: AdKind,
  attributes: readonly string[],
): Promise<ClientEntry> {
  const text = identityText(value);
  const identity = parseIdentity(text);
  const entries =
    identity.form === 'dn'
      ? await readDn(connection, identity.dn, { kind, attributes })
      : await search(connection, filterOf(identity, text, kind), { kind, attributes });
  const [entry, second] = entries;
  if (entry === undefined) throw new MissingIdentity(text, connection.domain.namingContext);
  if (second === undefined) return entry;
  throw new AdminError('ambiguous', `Multiple objects with identity '${text}' were found.`, {
    subject: text,
    candidates: entries.map(({ dn }) => dn),
  });
}

/** An identity of any form: an object of another command, or text. */
export function identityText(value: PsValue): string {
  const dn = value instanceof PsObject ? value.get('DistinguishedName') : undefined;
  return dn === undefined ? toText(value) : toText(dn);
}

interface Wanted {
  readonly kind: AdKind;
  readonly attributes: readonly string[];
}

async function readDn(
  connection: DomainConnection,
  base: string,
  { kind, attributes }: Wanted,
): Promise<readonly ClientEntry[]> {
  const filter = CLASSES[kind];
  try {
    return await firstEntries(
      connection.client.search({ base, scope: 'base', filter, attributes }),
      1,
    );
  } catch (error) {
    if (error instanceof LdapError && NOT_THERE.has(error.code)) return [];
    throw error;
  }
}

/** A DN of another domain is answered with a referral (MS-ADTS 3.1.1.4.6). */
const NOT_THERE: ReadonlySet<string> = new Set(['noSuchObject', 'invalidDNSyntax', 'referral']);

async function search(
  { client, domain }: DomainConnection,
  filter: Filter,
  { kind, attributes }: Wanted,
): Promise<readonly ClientEntry[]> {
  const filters = [CLASSES[kind], filter];
  const found = client.search({
    base: domain.namingContext,
    filter: { kind: 'and', filters },
    attributes,
  });
  return await firstEntries(found, 2);
}

/** The module knows no other form: a UPN and `DOMAIN\name` are names that nobody has. */
function filterOf(identity: Exclude<Identity, { form: 'dn' }>, text: string, kind: AdKind): Filter {
  if (identity.form === 'guid') return identityFilter(identity);
  if (kind === 'Object') return NOTHING;
  if (identity.form === 'sid') return identityFilter(identity);
  const own = equals('sAMAccountName', text.trim());
  const hasDollar = kind === 'Computer' || kind === 'ServiceAccount';
  if (!hasDollar || text.trim().endsWith('$')) return own;
  return { kind: 'or', filters: [own, equals('sAMAccountName', `${text.trim()}$`)] };
}

const NOTHING = parseFilter('(!(objectClass=*))');
