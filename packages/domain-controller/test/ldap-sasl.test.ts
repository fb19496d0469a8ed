import { pooledRandom } from '@doublehop/crypto/random';
import { GssFlag } from '@doublehop/kerberos/gss/flags';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { type Negotiation, saslContext } from '@doublehop/kerberos/gss/negotiation';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { gssSpnegoClient } from '@doublehop/ldap/sasl/gss-spnego';
import { gssapiClient } from '@doublehop/ldap/sasl/gssapi';
import type { Protection, SaslClientMechanism } from '@doublehop/ldap/sasl/mechanism';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  ALICE,
  BASE,
  connectClear,
  connectTls,
  entriesOf,
  passwordOf,
  type RunningDomain,
  serverDn,
  startDomain,
  textsOf,
  ticketFor,
} from './support/domain.ts';

let domain: RunningDomain;

beforeAll(async () => {
  domain = await startDomain();
});
afterAll(async () => {
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const INTEGRITY = GssFlag.MUTUAL | GssFlag.REPLAY | GssFlag.SEQUENCE | GssFlag.INTEG;
const FLAGS: Readonly<Record<Protection, number>> = {
  none: GssFlag.MUTUAL,
  integrity: INTEGRITY,
  confidentiality: INTEGRITY | GssFlag.CONF,
};

function initiator(credentials: Credentials, layer: Protection, channel?: Uint8Array): Negotiation {
  return krb5Initiator({
    credentials,
    clock: Date.now,
    random: pooledRandom(),
    flags: FLAGS[layer],
    ...(channel && { channelBindings: { applicationData: channel } }),
  });
}

function gssapi(credentials: Credentials, layer: Protection, channel?: Uint8Array) {
  const context = saslContext(initiator(credentials, layer, channel));
  return gssapiClient(context, { layers: [layer] });
}

function spnego(credentials: Credentials, layer: Protection, channel?: Uint8Array) {
  const negotiation = spnegoInitiator(() => initiator(credentials, layer, channel));
  return gssSpnegoClient(saslContext(negotiation));
}

type Mechanism = (
  credentials: Credentials,
  layer: Protection,
  channel?: Uint8Array,
) => SaslClientMechanism;

const mechanisms: readonly (readonly [string, Mechanism])[] = [
  ['GSSAPI', gssapi],
  ['GSS-SPNEGO', spnego],
];

describe.each(mechanisms)('MS-ADTS 5.1.1.1.2 SASL %s', (_name, mechanism) => {
  it.each(['integrity', 'confidentiality'] as const)('binds with %s', async (layer) => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const client = await connectClear(domain);
    await client.bindSasl(mechanism(ticket, layer));
    expect(client.layer).toBe(layer);
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\alice');
    const found = await entriesOf(client, { base: BASE, filter: '(sAMAccountName=alice)' });
    expect(found.map(({ dn }) => dn)).toEqual([ALICE]);
    await client.close();
  });

  it.each([
    ['host', 'dc.contoso.com'],
    ['ldap', 'localhost'],
    ['ldap', 'DC'],
  ] as const)('takes a ticket to %s/%s, which is of the same account', async (...service) => {
    const client = await connectClear(domain);
    await client.bindSasl(mechanism(await ticketFor(domain, 'alice', service), 'integrity'));
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\alice');
    await client.close();
  });

  it('refuses a ticket to another account', async () => {
    const ticket = await ticketFor(domain, 'alice', ['host', 'serverb.contoso.com']);
    const client = await connectClear(domain);
    await expect(client.bindSasl(mechanism(ticket, 'integrity'))).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
    await expect(client.whoAmI()).resolves.toBe('');
    await client.close();
  });

  it('has the groups of the ticket: an administrator may write', async () => {
    const ticket = await ticketFor(
      domain,
      'Administrator',
      ['ldap', 'dc.contoso.com'],
      ADMIN_PASSWORD,
    );
    const client = await connectClear(domain);
    await client.bindSasl(mechanism(ticket, 'confidentiality'));
    const dn = serverDn('SERVERC');
    await client.modify(dn, [{ operation: 'replace', attribute: 'location', values: ['here'] }]);
    const [entry] = await entriesOf(client, { base: dn, scope: 'base', attributes: ['location'] });
    expect(textsOf(entry, 'location')).toEqual(['here']);
    await client.close();
  });

  it('needs a layer in clear text: LDAPServerIntegrity = 2', async () => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const client = await connectClear(domain);
    await expect(client.bindSasl(mechanism(ticket, 'none'))).rejects.toThrow();
    await client.close();
  });

  it('takes a bind without layer over TLS, bound to its channel or not', async () => {
    for (const bound of [true, false]) {
      const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
      const client = await connectTls(domain);
      const channel = bound ? client.channelBinding : undefined;
      await client.bindSasl(mechanism(ticket, 'none', channel));
      await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\alice');
      await client.close();
    }
  });

  it('refuses what was bound to another channel', async () => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const client = await connectTls(domain);
    const channel = Buffer.from('tls-server-end-point:another');
    await expect(client.bindSasl(mechanism(ticket, 'none', channel))).rejects.toMatchObject({
      code: 'invalidCredentials',
    });
  });

  it('takes no authenticator twice', async () => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const first = await connectClear(domain);
    const original = mechanism(ticket, 'integrity');
    let sent: Uint8Array | undefined;
    const recorded: SaslClientMechanism = {
      name: original.name,
      get securityLayer() {
        return original.securityLayer;
      },
      async start() {
        const step = await original.start();
        sent = step.response;
        return step;
      },
      step: (challenge) => original.step(challenge),
    };
    await first.bindSasl(recorded);
    await first.close();
    const second = await connectClear(domain);
    const replay: SaslClientMechanism = {
      name: original.name,
      start: () => Promise.resolve({ response: sent, complete: false }),
      step: () => Promise.reject(new Error('a challenge came')),
    };
    expect(sent?.length).toBeGreaterThan(0);
    await expect(second.bindSasl(replay)).rejects.toMatchObject({ code: 'invalidCredentials' });
  });
});

describe('MS-ADTS 5.1.1.1.2 GSS-SPNEGO without signing in clear text', () => {
  it('is told what is missing, so that the client can go to TLS', async () => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const client = await connectClear(domain);
    await expect(client.bindSasl(spnego(ticket, 'none'))).rejects.toMatchObject({
      code: 'strongerAuthRequired',
      message: expect.stringMatching(/^00002028: /),
    });
    await expect(client.whoAmI()).resolves.toBe('');
    await client.close();
  });

  it('is taken where signing is not required', async () => {
    const lax = await startDomain({ ldap: { requireSigning: false } });
    const client = await connectClear(lax);
    const ticket = await ticketFor(lax, 'alice', ['ldap', 'dc.contoso.com']);
    await client.bindSasl(spnego(ticket, 'none'));
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\alice');
    await client.close();
    await lax.close();
  });
});

describe('RFC 4752 §3.1 authorization identity', () => {
  it.each(['u:CONTOSO\\alice', `dn:${ALICE}`, 'u:alice@contoso.com'])('may be %s', async (name) => {
    const ticket = await ticketFor(domain, 'alice', ['ldap', 'dc.contoso.com']);
    const client = await connectClear(domain);
    const context = saslContext(initiator(ticket, 'integrity'));
    await client.bindSasl(gssapiClient(context, { layers: ['integrity'], authorizationId: name }));
    await expect(client.whoAmI()).resolves.toBe('u:CONTOSO\\alice');
    await client.close();
  });

  it('is nobody else', async () => {
    const ticket = await ticketFor(
      domain,
      'alice',
      ['ldap', 'dc.contoso.com'],
      passwordOf('alice'),
    );
    const client = await connectClear(domain);
    const context = saslContext(initiator(ticket, 'integrity'));
    const authorizationId = 'u:CONTOSO\\Administrator';
    const bind = client.bindSasl(gssapiClient(context, { layers: ['integrity'], authorizationId }));
    await expect(bind).rejects.toMatchObject({ code: 'authorizationDenied' });
  });
});

describe('RFC 4513 §5.2.1.4 mechanisms that are not offered', () => {
  it.each(['EXTERNAL', 'DIGEST-MD5'])('%s over TLS: authMethodNotSupported', async (name) => {
    const client = await connectTls(domain);
    const step = () => Promise.resolve({ response: new Uint8Array(), complete: true });
    const bind = client.bindSasl({ name, start: step, step });
    await expect(bind).rejects.toMatchObject({ code: 'authMethodNotSupported' });
    // The connection stays, as nobody's.
    await expect(client.whoAmI()).resolves.toBe('');
    await client.close();
  });
});
