import type { AttributeInput } from '@doublehop/directory/entry';
import { findPac } from '@doublehop/domain-controller/kdc/authorization-data';
import { Keys } from '@doublehop/domain-controller/kdc/keys';
import { openTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import type { InitialTicketOptions } from '@doublehop/kerberos/client/as-exchange';
import { type ClientContext, defaultSettings } from '@doublehop/kerberos/client/context';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { s4u2proxy } from '@doublehop/kerberos/client/s4u2proxy';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { decodePac, type Pac } from '@doublehop/security/pac/pac';
import { parseSddl } from '@doublehop/security/sddl';
import { pooledRandom } from '@doublehop/crypto/random';
import { decodeDer } from '@doublehop/wire/der';
import { ALICE, BASE, passwordOf, type RunningDomain, serverDn, startDomain } from './domain.ts';

const SERVICES = `CN=Services,CN=Configuration,${BASE}`;
const SCHEMA = `CN=Schema,CN=Configuration,${BASE}`;
const POLICIES = `CN=AuthN Policy Configuration,${SERVICES}`;
const PEER = { address: '127.0.0.1', port: 1, transport: 'tcp' } as const;

/** A domain whose claims and policies a test sets up, and clients that ask for claims. */
export class ClaimsDomain {
  readonly #domain: RunningDomain;
  readonly #client: ClientContext;

  private constructor(domain: RunningDomain) {
    this.#domain = domain;
    this.#client = {
      transport: (_realm, request) => {
        const reply = domain.dc.kdc.handle(request, PEER);
        return reply === undefined ? Promise.reject(new Error('silence')) : Promise.resolve(reply);
      },
      clock: new KdcClock(Date.now),
      random: pooledRandom(),
      settings: { ...defaultSettings, correctSkew: false },
    };
  }

  static async start(): Promise<ClaimsDomain> {
    return new ClaimsDomain(await startDomain());
  }

  close(): Promise<void> {
    return this.#domain.close();
  }

  get audit(): RunningDomain['audit'] {
    return this.#domain.audit;
  }

  get defects(): RunningDomain['defects'] {
    return this.#domain.defects;
  }

  /** A claim of an attribute for users and computers. */
  async addClaimType(id: string, attributes: AttributeInput): Promise<void> {
    await this.#domain.dc.directory.add(
      `CN=${id},CN=Claim Types,CN=Claims Configuration,${SERVICES}`,
      {
        objectClass: 'msDS-ClaimType',
        Enabled: 'TRUE',
        'msDS-ClaimSourceType': 'AD',
        'msDS-ClaimTypeAppliesToClass': [`CN=User,${SCHEMA}`, `CN=Computer,${SCHEMA}`],
        ...attributes,
      },
    );
  }

  attributeDn(cn: string): string {
    return `CN=${cn},${SCHEMA}`;
  }

  async addPolicy(name: string, attributes: AttributeInput): Promise<string> {
    const dn = `CN=${name},CN=AuthN Policies,${POLICIES}`;
    await this.#domain.dc.directory.add(dn, {
      objectClass: 'msDS-AuthNPolicy',
      'msDS-AuthNPolicyEnforced': 'TRUE',
      ...attributes,
    });
    return dn;
  }

  async addSilo(name: string, attributes: AttributeInput): Promise<string> {
    const dn = `CN=${name},CN=AuthN Silos,${POLICIES}`;
    await this.#domain.dc.directory.add(dn, { objectClass: 'msDS-AuthNPolicySilo', ...attributes });
    return dn;
  }

  /** Makes alice a member of a silo. */
  async join(silo: string): Promise<void> {
    await this.#domain.dc.directory.modify(silo, [
      { operation: 'add', attribute: 'msDS-AuthNPolicySiloMembers', values: [ALICE] },
    ]);
  }

  /** Sets attributes of alice or of a server. */
  async set(name: 'alice' | 'SERVERB' | 'SERVERC', attributes: AttributeInput): Promise<void> {
    const changes = Object.entries(attributes).map(([attribute, value]) => ({
      operation: 'replace' as const,
      attribute,
      values: typeof value === 'string' || value instanceof Uint8Array ? [value] : value,
    }));
    await this.#domain.dc.directory.modify(dnOf(name), changes);
  }

  sid(name: string): string {
    const sid = this.#domain.dc.accounts.byName(name)?.sid;
    if (sid === undefined) throw new Error(`no ${name}`);
    return sid;
  }

  async login(name: string, options: InitialTicketOptions = {}): Promise<Credentials> {
    const secret = { kind: 'password', password: passwordOf(name) } as const;
    const client = this.#name(name.startsWith('SERVER') ? `${name}$` : name);
    // As Windows clients do where no armor is.
    const claims = options.armor === undefined;
    const request = { forwardable: true, claims, ...options, client, secret };
    return (await getInitialTicket(this.#client, request)).credentials;
  }

  async ticket(tgt: Credentials, server: string, armor?: Credentials): Promise<Credentials> {
    const options = armor === undefined ? {} : { armor };
    const reply = await getServiceTicket(this.#client, tgt, this.#name(server), options);
    return reply.credentials;
  }

  /** SERVERB goes on as alice to SERVERC. */
  async hop(tgt: Credentials, evidence: Credentials, armor?: Credentials): Promise<Credentials> {
    const target = this.#name('HOST/serverc.contoso.com');
    const options = armor === undefined ? {} : { armor };
    return await s4u2proxy(this.#client, { tgt, evidence, target, ...options });
  }

  /** The PAC of a ticket, opened with the key of an account. */
  pac({ ticket }: Pick<Credentials, 'ticket'>, server: string): Pac {
    const account = this.#domain.dc.accounts.byName(server);
    if (account === undefined) throw new Error(`no ${server}`);
    const opened = openTicket(
      decodeDer(Ticket, ticket),
      new Keys([18, 17, 20, 19, 23]).all(account),
    );
    if (typeof opened === 'string') throw new Error(`not a ticket for ${server}: ${opened}`);
    const found = findPac(opened.part.authorizationData);
    if (found === undefined) throw new Error('the ticket has no PAC');
    return decodePac(found.bytes);
  }

  #name(text: string): Principal {
    return parsePrincipal(text, 'CONTOSO.COM');
  }
}

/** A descriptor as policies and grants have it. */
export function descriptor(sddl: string): Uint8Array {
  return encodeDescriptor(parseSddl(sddl));
}

function dnOf(name: 'alice' | 'SERVERB' | 'SERVERC'): string {
  return name === 'alice' ? ALICE : serverDn(name);
}
