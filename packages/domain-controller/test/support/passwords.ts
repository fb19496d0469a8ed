import { pooledRandom } from '@doublehop/crypto/random';
import type { PasswordEvent } from '@doublehop/domain-controller/kpasswd/audit';
import type { Peer } from '@doublehop/domain-controller/kdc/request';
import { type ClientContext, defaultSettings } from '@doublehop/kerberos/client/context';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KerberosError } from '@doublehop/kerberos/errors';
import { changePassword, getPasswordTicket } from '@doublehop/kerberos/kpasswd/change-password';
import { hostAddress } from '@doublehop/kerberos/kpasswd/private-message';
import type { KpasswdTransport } from '@doublehop/kerberos/kpasswd/transport';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { ADMIN_PASSWORD, BASE, passwordOf, type RunningDomain, startDomain } from './domain.ts';

export const PEER: Peer = { address: '192.0.2.7', port: 50_000, transport: 'tcp' };

const HERE = hostAddress(PEER.address);

/** How a refusal looks to whoever asked. */
export interface Refusal {
  readonly code: string;
  readonly result: number | undefined;
  readonly error: number | undefined;
  readonly text: string;
}

/** A running domain and clients that change passwords there, without sockets. */
export class PasswordDomain {
  readonly domain: RunningDomain;
  readonly events: PasswordEvent[];
  readonly client: ClientContext;
  /** Requests as they were sent. */
  readonly sent: Uint8Array[] = [];

  private constructor(domain: RunningDomain, events: PasswordEvent[], clock: () => number) {
    this.domain = domain;
    this.events = events;
    this.client = {
      transport: (_realm, request) =>
        Promise.resolve(domain.dc.kdc.handle(request, PEER) ?? new Uint8Array()),
      clock: new KdcClock(clock),
      random: pooledRandom(),
      settings: { ...defaultSettings, correctSkew: false },
    };
  }

  static async start(clock: () => number = Date.now): Promise<PasswordDomain> {
    const events: PasswordEvent[] = [];
    const domain = await startDomain({ clock, passwordAudit: (event) => events.push(event) });
    // A new domain's passwords can be changed once a day.
    await domain.dc.directory.modify(BASE, [
      { operation: 'replace', attribute: 'minPwdAge', values: ['0'] },
    ]);
    return new PasswordDomain(domain, events, clock);
  }

  /** Straight to the service; `change` may spoil a request. */
  readonly transport =
    (change: (request: Uint8Array) => Uint8Array = (request) => request): KpasswdTransport =>
    async (_realm, request) => {
      const bytes = change(request(HERE));
      this.sent.push(bytes);
      return (await this.domain.dc.kpasswd.handle(bytes, PEER)) ?? new Uint8Array();
    };

  name(text: string) {
    return parsePrincipal(text, 'CONTOSO.COM');
  }

  /** An initial ticket for kadmin/changepw. */
  async ticket(name: string, password: string = usual(name)): Promise<Credentials> {
    return await getPasswordTicket(this.client, this.name(name), { kind: 'password', password });
  }

  /** A TGT. */
  async login(name: string, password: string = usual(name)): Promise<Credentials> {
    const secret = { kind: 'password', password } as const;
    const request = { client: this.name(name), secret };
    return (await getInitialTicket(this.client, request)).credentials;
  }

  /** A ticket for kadmin/changepw by a TGT. */
  async derived(tgt: Credentials): Promise<Credentials> {
    const server = this.name('kadmin/changepw');
    return (await getServiceTicket(this.client, tgt, server)).credentials;
  }

  async change(
    credentials: Credentials,
    newPassword: string,
    {
      target,
      transport = this.transport(),
    }: { target?: string; transport?: KpasswdTransport } = {},
  ): Promise<void> {
    const whose = target === undefined ? undefined : this.name(target);
    await changePassword(this.client, transport, { credentials, newPassword, target: whose });
  }

  /** Whether this is the account's password. */
  async isPassword(name: string, password: string): Promise<boolean> {
    try {
      await this.login(name, password);
      return true;
    } catch (error) {
      if (error instanceof KerberosError && error.code === 'password') return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.domain.close();
  }
}

function usual(name: string): string {
  return name === 'Administrator' ? ADMIN_PASSWORD : passwordOf(name.replace(/\$$/, ''));
}

/** What a refused change shows its client. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    const { resultCode: result, errorCode } = error.detail;
    return { code: error.code, result, error: errorCode, text: error.message };
  }
  throw new Error('it was not refused');
}
