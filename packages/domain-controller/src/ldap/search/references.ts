import type { Directory } from '@doublehop/directory/directory';
import { type Dn, formatDn, isWithin, parseDn } from '@doublehop/directory/dn';
import type { DomainInfo } from '@doublehop/directory/domain';
import type { Entry } from '@doublehop/directory/entry';
import { LdapError } from '@doublehop/ldap/errors';
import type { Scope } from '@doublehop/ldap/messages/search';
import type { ServerReference } from '@doublehop/ldap/server/handler';

/** Naming contexts that clients are sent on to, by the names of their heads below the domain. */
const CONTEXTS = [
  ['CN=Configuration', ''],
  ['DC=ForestDnsZones', 'ForestDnsZones.'],
  ['DC=DomainDnsZones', 'DomainDnsZones.'],
] as const;

/** Continuation references, made once for each base that has some until something changes. */
export class References {
  readonly #directory: Directory;
  readonly #domain: DomainInfo;
  readonly #known = new Map<string, readonly ServerReference[]>();
  #revision = Number.NaN;

  constructor({ directory, domain }: { directory: Directory; domain: DomainInfo }) {
    this.#directory = directory;
    this.#domain = domain;
  }

  /** The references of a search from a base. */
  of(base: Entry, scope: Scope): readonly ServerReference[] {
    if (scope === 'base' || !base.isContextHead) return NONE;
    const revision = this.#directory.revision();
    if (revision !== this.#revision) {
      this.#known.clear();
      this.#revision = revision;
    }
    const key = `${scope} ${base.id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = referencesOf(this.#directory, this.#domain, base, scope);
    this.#known.set(key, made);
    return made;
  }
}

const NONE: readonly ServerReference[] = [];

/**
 * The continuation references of a search (MS-ADTS 3.1.1.3.1.4, 3.1.1.4.6): one for each naming
 * context right below that of the base and within the scope.
 */
function referencesOf(
  directory: Directory,
  domain: DomainInfo,
  base: Entry,
  scope: Scope,
): ServerReference[] {
  if (scope === 'base') return [];
  const { dn, dnsName, configurationDn, schemaDn } = domain;
  // Only from the heads themselves is anything below another context.
  if (base.dn === configurationDn) {
    return scope === 'subtree' ? [reference(dnsName, schemaDn)] : [];
  }
  if (base.dn !== dn) return [];
  return CONTEXTS.flatMap(([rdn, host]) => {
    const name = `${rdn},${dn}`;
    if (directory.find(name) === undefined) return [];
    return [reference(`${host}${dnsName}`, name, scope)];
  });
}

/** RFC 4511 §4.5.3: a one-level search goes on as a base search. */
function reference(host: string, dn: string, scope: Scope = 'subtree'): ServerReference {
  const suffix = scope === 'one' ? '??base' : '';
  return { kind: 'reference', uris: [`ldap://${host}/${encodeURI(dn)}${suffix}`] };
}

/**
 * The referral for a name in no naming context of this forest (MS-ADTS 3.1.1.4.6), or undefined
 * for names that no other domain can have.
 */
export function referralOf(domain: DomainInfo, name: string): LdapError | undefined {
  const dn = parsed(name);
  if (dn === undefined || isWithin(dn, parseDn(domain.dn))) return undefined;
  const labels: string[] = [];
  for (const { type, value } of dn.toReversed()) {
    if (type.toUpperCase() !== 'DC') break;
    labels.unshift(value);
  }
  if (labels.length === 0) return undefined;
  const host = labels.join('.');
  const text = `0000202B: RefErr: DSID-00000000, data 0, 1 access points\n\tref 1: '${host}'\n`;
  const referrals = [`ldap://${host}/${encodeURI(formatDn(dn))}`];
  return new LdapError('referral', text, { referrals });
}

function parsed(name: string): Dn | undefined {
  if (name.startsWith('<')) return undefined;
  try {
    return parseDn(name);
  } catch {
    return undefined;
  }
}
