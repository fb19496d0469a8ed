import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { type PacBuffer, PacType } from '@doublehop/security/pac/pac';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';
import { account, krbtgt } from './support/accounts.ts';
import { NOW, Realm, refusal } from './support/realm.ts';

const KRBTGT = krbtgt({ servicePrincipalNames: ['kadmin/changepw'] });
const CHANGEPW = { nameType: NameType.SRV_INST, nameString: ['kadmin', 'changepw'] };

const realm = (changes = {}, settings = {}) =>
  new Realm([KRBTGT, account('user', 'alice', 1103, changes)], settings);

/** A ticket under the name of the ticket-granting service, which nothing keeps from being put. */
function asTgt(ticket: Credentials): Credentials {
  const value = decodeDer(Ticket, ticket.ticket);
  const sname = { nameType: NameType.SRV_INST, nameString: ['krbtgt', 'CONTOSO.COM'] };
  const server = { name: sname, realm: 'CONTOSO.COM' };
  return { ...ticket, server, ticket: encodeDer(Ticket, { ...value, sname }) };
}

const types = (buffers: readonly PacBuffer[]) => buffers.map(({ type }) => type);

describe('tickets for kadmin/changepw (RFC 3244 §2)', () => {
  test('an initial ticket: short, not renewable, for nobody else', async () => {
    const r = realm();
    const options = { server: CHANGEPW, renewLifetime: 86_400, forwardable: true, proxiable: true };
    const { flags, times, server } = await r.login('alice', options);
    expect(server.name.nameString).toEqual(['kadmin', 'changepw']);
    expect(times.endtime - NOW / 1000).toBe(120);
    expect(flags & TicketFlag.INITIAL).not.toBe(0);
    const passedOn = TicketFlag.FORWARDABLE | TicketFlag.PROXIABLE | TicketFlag.RENEWABLE;
    expect(flags & passedOn).toBe(0);
  });

  test('a derived ticket is not initial, and not forwardable', async () => {
    const r = realm();
    const tgt = await r.login('alice', { forwardable: true });
    const { flags } = await r.ticket(tgt, 'kadmin/changepw');
    expect(tgt.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    expect(flags & (TicketFlag.INITIAL | TicketFlag.FORWARDABLE)).toBe(0);
  });

  test('its PAC is that of a service ticket, with nothing of a TGT', async () => {
    const r = realm();
    const tgt = await r.login('alice');
    const initial = await r.login('alice', { server: CHANGEPW });
    for (const ticket of [initial, await r.ticket(tgt, 'kadmin/changepw')]) {
      const found = types(r.pac(r.open(ticket, KRBTGT)).buffers);
      expect(found).toEqual(expect.arrayContaining([PacType.logonInfo, 16, 19]));
      for (const type of [PacType.requesterSid, PacType.attributes]) {
        expect(found).not.toContain(type);
      }
    }
    expect(types(r.pac(r.open(tgt, KRBTGT)).buffers)).toContain(PacType.requesterSid);
  });

  test.each([
    ['must be changed', { pwdLastSet: 0n }, {}],
    ['has expired', { pwdLastSet: 130_000_000_000_000_000n }, { maxPasswordAge: 3600 }],
  ])('a password that %s is good for it, and for no TGT', async (_how, changes, settings) => {
    const r = realm(changes, settings);
    expect(await refusal(r.login('alice'))).toMatchObject({ error: 'KDC_ERR_KEY_EXPIRED' });
    const { flags } = await r.login('alice', { server: CHANGEPW });
    expect(flags & TicketFlag.INITIAL).not.toBe(0);
  });

  test('it is no way around the change: renamed, it is no TGT (CVE-2022-2031)', async () => {
    const r = realm({ pwdLastSet: 0n });
    const ticket = await r.login('alice', { server: CHANGEPW });
    const seen = await refusal(r.ticket(asTgt(ticket), 'kadmin/changepw'));
    expect(seen.error).toBe('KRB_AP_ERR_TKT_EXPIRED');
  });

  test.each([
    ['a wrong password', {}, { password: 'guess' }, 'KDC_ERR_PREAUTH_FAILED'],
    ['a disabled account', { userAccountControl: 0x202 }, {}, 'KDC_ERR_CLIENT_REVOKED'],
  ])('%s gets none', async (_what, changes, options, error) => {
    const r = realm({ pwdLastSet: 0n, ...changes });
    const seen = await refusal(r.login('alice', { server: CHANGEPW, ...options }));
    expect(seen.error).toBe(error);
  });
});
