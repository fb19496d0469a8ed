import { AceType, buildAce } from '@doublehop/security/ace';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import type {
  EvidenceFacts,
  HeaderFacts,
  MiddleFacts,
  S4U2ProxyFacts,
  S4U2SelfFacts,
  TargetFacts,
  UserFacts,
} from '../src/facts.ts';
import { DEFAULT_SETTINGS } from '../src/facts.ts';
import { FULL_CONTROL, rbcdToken } from '../src/rbcd.ts';

// The domain of every test: CONTOSO.COM with alice, SERVERB$ and SERVERC$.

const domain = 'S-1-5-21-1004336348-1177238915-682003330';
export const serverB: Sid = `${domain}-1105`;
export const serverB2: Sid = `${domain}-1107`;
export const serverC: Sid = `${domain}-1106`;
export const domainComputers: Sid = `${domain}-515`;
export const middles: Sid = `${domain}-1200`;

export const middle: MiddleFacts = {
  sid: serverB,
  name: 'SERVERB$',
  userAccountControl: 0x1000,
  allowedToDelegateTo: [],
  state: 'usable',
};

export const header: HeaderFacts = {
  crossRealm: false,
  forwardable: true,
  pac: 'valid',
  pacClientMatches: true,
  requester: 'matches',
  token: rbcdToken([serverB, domainComputers, middles]),
  rodc: 0,
};

export const evidence: EvidenceFacts = {
  origin: 'kerberos',
  decrypts: true,
  pac: 'valid',
  validity: 'valid',
  serverSid: serverB,
  serverName: 'HTTP/serverb.contoso.com',
  pacClientMatches: true,
  forwardable: true,
  pacUserAccountControl: 0x10,
  rodc: 0,
};

export const user: UserFacts = {
  name: 'alice@CONTOSO.COM',
  place: 'local',
  userAccountControl: 0x200,
  protectedUser: false,
  state: 'usable',
};

export const target: TargetFacts = {
  spn: 'cifs/serverc.contoso.com',
  name: 'SERVERC$',
  place: 'local',
  isKrbtgt: false,
  userAccountControl: 0x1000,
  state: 'usable',
  descriptor: 'absent',
  authenticationPolicy: 'none',
  selectiveAuthentication: 'none',
};

/** What a test changes in the scene, part by part. */
export interface ProxyChange {
  readonly settings?: Partial<S4U2ProxyFacts['settings']>;
  readonly request?: Partial<S4U2ProxyFacts['request']>;
  readonly header?: Partial<HeaderFacts>;
  readonly middle?: Partial<MiddleFacts>;
  readonly evidence?: Partial<EvidenceFacts>;
  readonly user?: Partial<UserFacts>;
  readonly target?: Partial<TargetFacts>;
}

/** SERVERB$ asks for SERVERC$ as alice, with everything in order, but without any permission. */
export function proxyFacts(change: ProxyChange = {}): S4U2ProxyFacts {
  return {
    settings: { ...DEFAULT_SETTINGS, ...change.settings },
    request: { evidencePresent: true, conflictingOptions: [], rbcdBit: true, ...change.request },
    header: { ...header, ...change.header },
    middle: { ...middle, ...change.middle },
    evidence: { ...evidence, ...change.evidence },
    user: { ...user, ...change.user },
    target: { ...target, ...change.target },
  };
}

/** The same with a grant on SERVERC$. */
export function rbcdFacts(change: ProxyChange = {}): S4U2ProxyFacts {
  const descriptor = listing(serverB);
  return proxyFacts({ ...change, target: { descriptor, ...change.target } });
}

/** The same with SERVERC$ in SERVERB$'s list, asked by a client that knows no RBCD. */
export function kcdFacts(change: ProxyChange = {}): S4U2ProxyFacts {
  return proxyFacts({
    ...change,
    request: { rbcdBit: false, ...change.request },
    middle: { allowedToDelegateTo: ['cifs/serverc.contoso.com'], ...change.middle },
  });
}

/** What a test changes in the S4U2Self scene. */
export interface SelfChange {
  readonly settings?: Partial<S4U2SelfFacts['settings']>;
  readonly request?: Partial<S4U2SelfFacts['request']>;
  readonly header?: Partial<S4U2SelfFacts['header']>;
  readonly middle?: Partial<MiddleFacts>;
  readonly server?: Partial<S4U2SelfFacts['server']>;
  readonly user?: Partial<UserFacts>;
}

/** SERVERB$ asks for a forwardable ticket to itself as alice. */
export function selfFacts(change: SelfChange = {}): S4U2SelfFacts {
  return {
    settings: { ...DEFAULT_SETTINGS, ...change.settings },
    request: {
      form: 'x509-user',
      checksum: 'valid',
      nonceMatches: true,
      userNamed: true,
      certificate: false,
      conflictingOptions: [],
      forwardable: true,
      ...change.request,
    },
    header: { ...header, pacNamesUser: false, ...change.header },
    middle: { ...middle, ...change.middle },
    server: { name: 'HTTP/serverb', place: 'local', sid: serverB, ...change.server },
    user: { ...user, ...change.user },
  };
}

/** The descriptor that Windows writes for these principals. */
export function listing(...sids: readonly Sid[]): SecurityDescriptor {
  const aces = sids.map((sid) => buildAce({ type: AceType.allowed, mask: FULL_CONTROL, sid }));
  return withAces(aces);
}

export function withAces(aces: readonly ReturnType<typeof buildAce>[]): SecurityDescriptor {
  return { control: 0x8004, owner: 'S-1-5-32-544', dacl: { revision: 4, aces } };
}
