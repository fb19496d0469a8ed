// A directory without wire: entries in a map, and answers that a test can order.
import type { ClientChange, ClientItem, Done, SearchOptions } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import type { Filter } from '@doublehop/ldap/filter';
import { equal, plain, utf8 } from '@doublehop/wire/bytes';
import { encodeSid, type Sid } from '@doublehop/security/sid';
import { type Account, ALLOWED_TO_ACT } from '../../src/account.ts';
import type { DomainConnection } from '../../src/connection.ts';
import type { DirectoryClient } from '../../src/directory-client.ts';
import { SidNames } from '../../src/names.ts';

export const DOMAIN_SID: Sid = 'S-1-5-21-10-20-30';

export class FakeDirectory implements DirectoryClient {
  readonly entries = new Map<string, Map<string, Uint8Array[]>>();
  /** Every search and modification that came. */
  readonly log: string[] = [];
  /** Called before each modification: throws, waits, or changes something. */
  beforeModify: (dn: string) => Promise<void> | void = () => undefined;

  add(dn: string, attributes: Readonly<Record<string, string | Uint8Array>>): void {
    const values = Object.entries(attributes).map<[string, Uint8Array[]]>(([name, value]) => [
      name,
      [typeof value === 'string' ? utf8(value) : value],
    ]);
    this.entries.set(dn, new Map(values));
  }

  async *search(options: SearchOptions): AsyncGenerator<ClientItem, Done, void> {
    const { base, filter, scope = 'subtree' } = options;
    this.log.push(`search ${base}`);
    if (base !== '' && scope === 'base' && !this.entries.has(base)) {
      throw new LdapError('noSuchObject', 'not there');
    }
    for (const [dn, attributes] of this.entries) {
      const inScope = scope === 'base' ? dn === base : dn.endsWith(base);
      if (!inScope || typeof filter === 'string' || !matches(attributes, filter)) continue;
      const list = [...attributes].map(([type, values]) => ({ type, values }));
      yield { kind: 'entry', dn, attributes: list, controls: [] };
    }
    return { message: '', controls: [] };
  }

  searchAll(options: SearchOptions): AsyncGenerator<ClientItem, Done, void> {
    return this.search(options);
  }

  async modify(dn: string, changes: readonly ClientChange[]): Promise<void> {
    this.log.push(`modify ${dn}`);
    await this.beforeModify(dn);
    const entry = this.entries.get(dn);
    if (entry === undefined) throw new LdapError('noSuchObject', 'not there');
    const next = new Map(entry);
    for (const { operation, attribute, values = [] } of changes) {
      const octets = values.map((value) => (typeof value === 'string' ? utf8(value) : value));
      const present = next.get(attribute) ?? [];
      const [first] = octets;
      if (operation === 'delete') {
        if (first !== undefined && !present.some((value) => equal(value, first))) {
          throw new LdapError('noSuchAttribute', 'no such value');
        }
        next.delete(attribute);
      } else {
        if (present.length > 0) throw new LdapError('attributeOrValueExists', 'single-valued');
        next.set(attribute, octets.map(plain));
      }
    }
    this.entries.set(dn, next);
  }

  async whoAmI(): Promise<string> {
    return 'u:CONTOSO\\Administrator';
  }

  async close(): Promise<void> {
    this.log.push('close');
  }

  valueOf(dn: string): Uint8Array | undefined {
    return this.entries.get(dn)?.get(ALLOWED_TO_ACT)?.[0];
  }

  connection(): DomainConnection {
    const domain = {
      namingContext: 'DC=contoso,DC=com',
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      sid: DOMAIN_SID,
      controller: 'dc.contoso.com',
    };
    return {
      client: this,
      domain,
      names: new SidNames(this, domain),
      url: 'ldap://dc.contoso.com',
      close: async () => await this.close(),
    };
  }
}

/** A computer of the fake domain, also put into the directory. */
export function computer(directory: FakeDirectory, name: string, rid: number): Account {
  const account = accountNamed(name, rid);
  directory.add(account.dn, {
    objectClass: 'computer',
    sAMAccountName: account.name,
    objectSid: encodeSid(account.sid),
  });
  return account;
}

export function accountNamed(name: string, rid: number, more: Partial<Account> = {}): Account {
  return {
    dn: `CN=${name},DC=contoso,DC=com`,
    sid: `${DOMAIN_SID}-${rid}`,
    name: `${name}$`,
    kind: 'computer',
    guid: undefined,
    userAccountControl: 0x1000,
    dnsHostName: undefined,
    servicePrincipalNames: [],
    allowedToAct: undefined,
    ...more,
  };
}

function matches(entry: ReadonlyMap<string, readonly Uint8Array[]>, filter?: Filter): boolean {
  if (filter === undefined) return true;
  if (filter.kind === 'and') return filter.filters.every((part) => matches(entry, part));
  if (filter.kind === 'or') return filter.filters.some((part) => matches(entry, part));
  if (filter.kind === 'not') return !matches(entry, filter.filter);
  if (filter.kind === 'present') return entry.has(filter.attribute);
  if (filter.kind !== 'equality') {
    throw new Error(`the fake directory has no ${filter.kind} filters`);
  }
  const wanted = typeof filter.value === 'string' ? utf8(filter.value) : filter.value;
  return entry.get(filter.attribute)?.some((value) => equal(value, wanted)) === true;
}
