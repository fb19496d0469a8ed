import type { Account } from '@doublehop/directory/account';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import { SecurityError } from '@doublehop/security/errors';
import { encodeClaimsInfo } from '@doublehop/security/pac/claims-info';
import type { ClaimEntry, PacClaim } from '@doublehop/security/pac/claims-set';
import type { ConfigurationEntries } from '../configuration.ts';
import type { Policies } from '../policy/policies.ts';
import { attributeClaim } from './attribute-claim.ts';
import { type ClaimType, claimTypes } from './claim-types.ts';

/** PAC_CLIENT_CLAIMS_INFO of an account that has no claims: Windows writes an empty buffer. */
const NONE = new Uint8Array();

/**
 * The claims that this KDC issues (MS-ADTS 3.1.1.11.2.1 GetClaimsForPrincipal). Those of an
 * account are encoded once, and again when it, a claim type or a silo has changed. A domain as it
 * is made, with no claim type but that of silos, and no silos, costs a few comparisons.
 */
export class Claims {
  readonly #directory: Directory;
  readonly #types: ConfigurationEntries<readonly ClaimType[]>;
  readonly #policies: Policies;
  #known = new WeakMap<Account, Uint8Array>();
  #madeOf: readonly unknown[] = [];

  constructor(directory: Directory, policies: Policies) {
    this.#directory = directory;
    this.#types = claimTypes(directory);
    this.#policies = policies;
  }

  /** PAC_CLIENT_CLAIMS_INFO (MS-PAC 2.11) of an account; empty where it has no claims. */
  of(account: Account): Uint8Array {
    const types = this.#types.current;
    const { silos, hasSilos } = this.#policies;
    if (!hasSilos && isOfSilosAlone(types)) return NONE;
    if (this.#madeOf[0] !== types || this.#madeOf[1] !== silos) {
      this.#madeOf = [types, silos];
      this.#known = new WeakMap();
    }
    let data = this.#known.get(account);
    if (data === undefined) {
      data = this.#encode(account, types);
      this.#known.set(account, data);
    }
    return data;
  }

  #encode(account: Account, types: readonly ClaimType[]): Uint8Array {
    const entry = this.#directory.find({ id: account.id });
    if (entry === undefined) return NONE;
    const cn = this.#directory.schema.classType(entry.structuralClass)?.cn.toLowerCase() ?? '';
    const entries: ClaimEntry[] = [];
    for (const type of types) {
      const claim = type.classes.has(cn) ? this.#claim(type, entry, account) : undefined;
      if (claim !== undefined) entries.push({ id: type.id, claim });
    }
    if (entries.length === 0) return NONE;
    try {
      return encodeClaimsInfo([{ source: 'ad', entries }]);
    } catch (error) {
      // More than a PAC can carry: such an account goes without claims rather than without tickets.
      if (error instanceof SecurityError) return NONE;
      throw error;
    }
  }

  #claim({ source }: ClaimType, entry: Entry, account: Account): PacClaim | undefined {
    if (source.kind === 'silo') {
      const silo = this.#policies.enforcedSilo(account);
      return silo === undefined ? undefined : { type: 'string', values: [silo] };
    }
    return attributeClaim(entry, source.attribute, source.type, this.#directory.schema);
  }
}

/** No claim type is there, or only the one that every domain has from the start. */
function isOfSilosAlone(types: readonly ClaimType[]): boolean {
  return types.length === 0 || (types.length === 1 && types[0]?.source.kind === 'silo');
}
