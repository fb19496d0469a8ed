import { type Sid, domainOf, ridOf, withRid } from './sid.ts';

/** SIDs that are the same everywhere (MS-DTYP 2.4.2.4). */
export const wellKnown = {
  nobody: 'S-1-0-0',
  everyone: 'S-1-1-0',
  local: 'S-1-2-0',
  creatorOwner: 'S-1-3-0',
  creatorGroup: 'S-1-3-1',
  ownerRights: 'S-1-3-4',
  network: 'S-1-5-2',
  interactive: 'S-1-5-4',
  service: 'S-1-5-6',
  anonymous: 'S-1-5-7',
  enterpriseDomainControllers: 'S-1-5-9',
  principalSelf: 'S-1-5-10',
  authenticatedUsers: 'S-1-5-11',
  restrictedCode: 'S-1-5-12',
  thisOrganization: 'S-1-5-15',
  localSystem: 'S-1-5-18',
  localService: 'S-1-5-19',
  networkService: 'S-1-5-20',
  compoundedAuthentication: 'S-1-5-21-0-0-0-496',
  claimsValid: 'S-1-5-21-0-0-0-497',
  builtinAdministrators: 'S-1-5-32-544',
  builtinUsers: 'S-1-5-32-545',
  builtinGuests: 'S-1-5-32-546',
  writeRestrictedCode: 'S-1-5-33',
  thisOrganizationCertificate: 'S-1-5-65-1',
  otherOrganization: 'S-1-5-1000',
  /** The user proved the identity to a KDC (MS-SFU 3.2.5.1.2). */
  authenticationAuthorityAsserted: 'S-1-18-1',
  /** A service asserted the identity: S4U2Self (MS-SFU 3.2.5.1.2). */
  serviceAsserted: 'S-1-18-2',
} as const satisfies Record<string, Sid>;

/** Relative identifiers of a domain's own accounts and groups (MS-DTYP 2.4.2.4). */
export const DomainRid = {
  enterpriseReadOnlyDomainControllers: 498,
  administrator: 500,
  guest: 501,
  krbtgt: 502,
  domainAdmins: 512,
  domainUsers: 513,
  domainGuests: 514,
  domainComputers: 515,
  domainControllers: 516,
  certPublishers: 517,
  schemaAdmins: 518,
  enterpriseAdmins: 519,
  groupPolicyCreatorOwners: 520,
  readOnlyDomainControllers: 521,
  cloneableControllers: 522,
  protectedUsers: 525,
  keyAdmins: 526,
  enterpriseKeyAdmins: 527,
  rasServers: 553,
} as const;

/** The domain that makes SDDL's domain-relative aliases mean something. */
export interface SddlDomain {
  /** SID of the domain. */
  readonly domain?: Sid;
  /** SID of the forest's root domain; the domain itself when absent. */
  readonly rootDomain?: Sid;
}

/** SDDL aliases of SIDs that are the same everywhere (MS-DTYP 2.5.1.1, sid-token). */
const FIXED = new Map<string, Sid>([
  ['AN', 'S-1-5-7'],
  ['AO', 'S-1-5-32-548'],
  ['AU', 'S-1-5-11'],
  ['BA', 'S-1-5-32-544'],
  ['BG', 'S-1-5-32-546'],
  ['BO', 'S-1-5-32-551'],
  ['BU', 'S-1-5-32-545'],
  ['CD', 'S-1-5-32-574'],
  ['CG', 'S-1-3-1'],
  ['CO', 'S-1-3-0'],
  ['CY', 'S-1-5-32-569'],
  ['ED', 'S-1-5-9'],
  ['ER', 'S-1-5-32-573'],
  ['ES', 'S-1-5-32-576'],
  ['HA', 'S-1-5-32-578'],
  ['HI', 'S-1-16-12288'],
  ['IS', 'S-1-5-32-568'],
  ['IU', 'S-1-5-4'],
  ['LS', 'S-1-5-19'],
  ['LU', 'S-1-5-32-559'],
  ['LW', 'S-1-16-4096'],
  ['ME', 'S-1-16-8192'],
  ['MP', 'S-1-16-8448'],
  ['MS', 'S-1-5-32-577'],
  ['MU', 'S-1-5-32-558'],
  ['NO', 'S-1-5-32-556'],
  ['NS', 'S-1-5-20'],
  ['NU', 'S-1-5-2'],
  ['OW', 'S-1-3-4'],
  ['PO', 'S-1-5-32-550'],
  ['PS', 'S-1-5-10'],
  ['PU', 'S-1-5-32-547'],
  ['RA', 'S-1-5-32-575'],
  ['RC', 'S-1-5-12'],
  ['RD', 'S-1-5-32-555'],
  ['RE', 'S-1-5-32-552'],
  ['RM', 'S-1-5-32-580'],
  ['RU', 'S-1-5-32-554'],
  ['SI', 'S-1-16-16384'],
  ['SO', 'S-1-5-32-549'],
  ['SU', 'S-1-5-6'],
  ['SY', 'S-1-5-18'],
  ['UD', 'S-1-5-84-0-0-0-0-0'],
  ['WD', 'S-1-1-0'],
  ['WR', 'S-1-5-33'],
  ['AA', 'S-1-5-32-579'],
  ['AC', 'S-1-15-2-1'],
]);

/** SDDL aliases of a domain's own groups and accounts, by relative identifier. */
const DOMAIN = new Map<string, number>([
  ['AP', DomainRid.protectedUsers],
  ['CA', DomainRid.certPublishers],
  ['CN', DomainRid.cloneableControllers],
  ['DA', DomainRid.domainAdmins],
  ['DC', DomainRid.domainComputers],
  ['DD', DomainRid.domainControllers],
  ['DG', DomainRid.domainGuests],
  ['DU', DomainRid.domainUsers],
  ['KA', DomainRid.keyAdmins],
  ['LA', DomainRid.administrator],
  ['LG', DomainRid.guest],
  ['PA', DomainRid.groupPolicyCreatorOwners],
  ['RS', DomainRid.rasServers],
]);

/** SDDL aliases of the forest root domain's groups. */
const ROOT = new Map<string, number>([
  ['EA', DomainRid.enterpriseAdmins],
  ['EK', DomainRid.enterpriseKeyAdmins],
  ['RO', DomainRid.enterpriseReadOnlyDomainControllers],
  ['SA', DomainRid.schemaAdmins],
]);

const FIXED_BY_SID = invert(FIXED);
const DOMAIN_BY_RID = invert(DOMAIN);
const ROOT_BY_RID = invert(ROOT);

/**
 * The SID that a two-letter SDDL alias stands for; undefined for an unknown alias and for a
 * domain-relative one when no domain is given.
 */
export function sidOfAlias(alias: string, context: SddlDomain = {}): Sid | undefined {
  const name = alias.toUpperCase();
  const fixed = FIXED.get(name);
  if (fixed !== undefined) return fixed;
  const rid = DOMAIN.get(name);
  if (rid !== undefined && context.domain !== undefined) return withRid(context.domain, rid);
  const rootRid = ROOT.get(name);
  const root = context.rootDomain ?? context.domain;
  return rootRid !== undefined && root !== undefined ? withRid(root, rootRid) : undefined;
}

/** The SDDL alias of a SID, if it has one in this domain. */
export function aliasOfSid(sid: Sid, context: SddlDomain = {}): string | undefined {
  const fixed = FIXED_BY_SID.get(sid);
  if (fixed !== undefined || !sid.startsWith('S-1-5-21-')) return fixed;
  const domain = domainOf(sid);
  if (domain === context.domain) {
    const alias = DOMAIN_BY_RID.get(ridOf(sid));
    if (alias !== undefined) return alias;
  }
  return domain === (context.rootDomain ?? context.domain)
    ? ROOT_BY_RID.get(ridOf(sid))
    : undefined;
}

function invert<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<V, K> {
  return new Map(Array.from(map, ([key, value]) => [value, key]));
}
