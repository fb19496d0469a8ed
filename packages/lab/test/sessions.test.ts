import { setImmediate } from 'node:timers/promises';
import { formatPrincipal, parsePrincipal } from '@doublehop/kerberos/names';
import { SecureText } from '@doublehop/powershell/objects/value';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { beforeEach, describe, expect, test } from 'vitest';
import type { UserIdentity } from '../src/hosts/identity.ts';
import type { Host } from '../src/hosts/host.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import {
  openGmsaSession,
  openKerberosSession,
  openNtlmSession,
  openPasswordSession,
  openRunAsSession,
  openVirtualSession,
} from '../src/sessions/open-session.ts';
import { accept, arrive, passwordOf } from './support/callers.ts';
import { labError, MINUTE, NOW, REALM, service, TestDomain } from './support/domain.ts';

const QUARTER = 15 * MINUTE;
const SHARE = service('ServerC', 'cifs');
const WINRM = service('ServerC', 'WSMAN');
const TRUSTED_FOR_DELEGATION = 0x8_0000;
const TRUSTED_TO_AUTH_FOR_DELEGATION = 0x100_0000;
const NOT_FOUND = 0xc000_0225;
const ACCOUNT_RESTRICTION = 0xc000_006e;

let domain: TestDomain;
let serverB: Host;

beforeEach(async () => {
  domain = await TestDomain.make();
  serverB = domain.host('ServerB');
});

const STRANGER: UserIdentity = {
  user: String.raw`CONTOSO\alice`,
  principal: 'alice@CONTOSO.COM',
  sid: 'S-1-5-21-1-2-3-1104',
  groups: [],
  via: [],
};

/** Whom the ticket names that a session gets. */
async function nameFor(session: HostSession, caller: 'redirector' | 'in-session', to = SHARE) {
  const { client, server } = await session.ticketFor(caller, to);
  expect(server.name.nameString).toEqual(to.name.nameString);
  return formatPrincipal(client);
}

/** The last thing that the KDC wrote down. */
function lastEvent() {
  const { Exchange, Reason, NtStatus, DelegationMode } = domain.events.at(-1) ?? {};
  return { Exchange, Reason, NtStatus, DelegationMode };
}

describe('Kerberos without delegation: the ticket is all there is', () => {
  test('nobody is granted anything: S4U2Proxy is refused, and the KDC says why', async () => {
    const session = await arrive(domain, serverB, 'alice');
    expect(session.credentialKind).toBe('evidence');
    const error = await labError(session.ticketFor('redirector', SHARE));
    expect(error).toMatchObject({
      code: 'refused',
      detail: { leg: 's4u2proxy', ntStatus: NOT_FOUND, until: NOW + QUARTER },
    });
    expect(lastEvent()).toMatchObject({
      Exchange: 's4u2proxy',
      Reason: 'rbcd-descriptor-absent',
      NtStatus: 'STATUS_NOT_FOUND',
    });
  });

  test('RBCD: the redirector gets a ticket by S4U2Self and S4U2Proxy', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, serverB, 'alice');
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
    const exchanges = domain.events.slice(-2).map(({ Exchange }) => Exchange);
    expect(exchanges).toEqual(['s4u2self', 's4u2proxy']);
    expect(lastEvent()).toMatchObject({ DelegationMode: 'rbcd', Reason: '-' });
  });

  test('a program of the session gets none, and no KDC hears of it', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, serverB, 'alice');
    const asked = domain.requests;
    const error = await labError(session.ticketFor('in-session', WINRM));
    expect(error).toMatchObject({
      code: 'no-credentials',
      detail: { leg: 'logon-session', ntStatus: 0xc000_005f, hresult: 0x8009_030e },
    });
    expect(error.message).toContain('A specified logon session does not exist');
    expect(domain.requests).toBe(asked);
  });

  test('brokerForPrograms, which Windows does not have, lets a program hop too', async () => {
    await domain.grant('ServerC', 'ServerB');
    const secondHop = { evidence: 's4u2self', brokerForPrograms: true } as const;
    const session = await arrive(domain, domain.host('ServerB', { secondHop }), 'alice');
    expect(await nameFor(session, 'in-session', WINRM)).toBe('alice@CONTOSO.COM');
  });

  test('the negative entry hides a fresh grant for 15 minutes', async () => {
    const session = await arrive(domain, serverB, 'alice');
    await labError(session.ticketFor('redirector', SHARE));
    await domain.grant('ServerC', 'ServerB');
    const asked = domain.requests;
    domain.now += QUARTER - 1;
    expect(await labError(session.ticketFor('redirector', SHARE))).toMatchObject({
      code: 'negative-cache',
      detail: { leg: 's4u2proxy', ntStatus: NOT_FOUND, until: NOW + QUARTER },
    });
    expect(domain.requests).toBe(asked);
    domain.now += 1;
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
  });

  test.each(['bob', 'carol'])('%s may not be delegated: ACCOUNT_RESTRICTION', async (name) => {
    await domain.grant('ServerC', 'ServerB');
    const session = await arrive(domain, serverB, name);
    const error = await labError(session.ticketFor('redirector', SHARE));
    expect(error).toMatchObject({
      code: 'refused',
      detail: { leg: 's4u2proxy', ntStatus: ACCOUNT_RESTRICTION },
    });
    // What S4U2Self gave for such a user is no evidence.
    expect(lastEvent().Reason).toBe('evidence-not-forwardable');
  });
});

describe('constrained delegation (msDS-AllowedToDelegateTo)', () => {
  beforeEach(async () => domain.allow('ServerB', 'cifs/serverc.contoso.com'));

  test('for Kerberos only, a ticket by S4U2Self is no evidence', async () => {
    const session = await arrive(domain, serverB, 'alice');
    const error = await labError(session.ticketFor('redirector', SHARE));
    expect(error.detail).toMatchObject({ leg: 's4u2proxy', ntStatus: ACCOUNT_RESTRICTION });
  });

  test('for Kerberos only, the ticket that came with the user is, if so set', async () => {
    const secondHop = { evidence: 'received', brokerForPrograms: false } as const;
    const session = await arrive(domain, domain.host('ServerB', { secondHop }), 'alice');
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
    expect(lastEvent().DelegationMode).toBe('kcd');
  });

  test('each kind of evidence is remembered for itself', async () => {
    const session = await arrive(domain, serverB, 'alice');
    await labError(session.ticketFor('redirector', SHARE));
    const logon = serverB.lsa.session(session.logonId);
    const { client } = await serverB.lsa.delegate(logon, SHARE, 'received');
    expect(formatPrincipal(client)).toBe('alice@CONTOSO.COM');
    const error = await labError(session.ticketFor('redirector', SHARE));
    expect(error.code).toBe('negative-cache');
  });

  test('for any protocol, it is', async () => {
    await domain.control('SERVERB$', TRUSTED_TO_AUTH_FOR_DELEGATION);
    const session = await arrive(domain, serverB, 'alice');
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
    expect(lastEvent()).toMatchObject({ Exchange: 's4u2proxy', DelegationMode: 'kcd' });
  });
});

describe('sessions that have a TGT get every ticket by it', () => {
  test('a forwarded TGT: the host is trusted for delegation', async () => {
    await domain.control('SERVERB$', TRUSTED_FOR_DELEGATION);
    const session = await arrive(domain, serverB, 'alice');
    expect(session.credentialKind).toBe('forwarded-tgt');
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
    expect(await nameFor(session, 'in-session', WINRM)).toBe('alice@CONTOSO.COM');
    expect(lastEvent().Exchange).toBe('tgs');
  });

  test('a TGT of somebody who may not be delegated is never forwarded', async () => {
    await domain.control('SERVERB$', TRUSTED_FOR_DELEGATION);
    expect((await arrive(domain, serverB, 'bob')).credentialKind).toBe('evidence');
  });

  test('a TGT of somebody else counts for nothing', async () => {
    const [own, other] = [await domain.person('alice'), await domain.person('Administrator')];
    const ticket = await own.getServiceTicket(service('ServerB'));
    const caller = accept(domain, serverB, ticket, await other.forward());
    expect((await openKerberosSession(serverB, caller)).credentialKind).toBe('evidence');
  });

  test('a password (CredSSP, Basic)', async () => {
    const user = parsePrincipal('alice', REALM);
    const logon = { user, password: passwordOf('alice'), type: 'network-cleartext' } as const;
    const session = await openPasswordSession(serverB, logon);
    expect(session.identity).toMatchObject({ user: String.raw`CONTOSO\alice` });
    expect(session.token.sids.has(wellKnown.builtinAdministrators)).toBe(true);
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
    expect(await nameFor(session, 'in-session', WINRM)).toBe('alice@CONTOSO.COM');
    domain.now += 11 * 60 * MINUTE;
    expect(await nameFor(session, 'redirector')).toBe('alice@CONTOSO.COM');
  });

  test('a wrong password logs nobody on, and is wiped', async () => {
    const password = SecureText.of('wrong');
    const user = parsePrincipal('alice', REALM);
    const opened = openPasswordSession(serverB, { user, password, type: 'interactive' });
    expect(await labError(opened)).toMatchObject({ code: 'logon-failed', detail: { leg: 'as' } });
    expect(password.revealText()).toBe('\0'.repeat(5));
    expect(serverB.lsa.sessions()).toHaveLength(2);
  });

  test('RunAs: another account than the one that connected', async () => {
    const user = parsePrincipal('Administrator', REALM);
    const password = passwordOf('Administrator');
    const session = await openRunAsSession(serverB, STRANGER, { user, password });
    expect(session.connected.user).toBe(String.raw`CONTOSO\alice`);
    expect(session.identity.user).toBe(String.raw`CONTOSO\Administrator`);
    expect(await nameFor(session, 'redirector')).toBe('Administrator@CONTOSO.COM');
    session.logOff();
    expect(password.revealText()).not.toContain('Passw0rd');
  });

  test('keys of an account, as a host makes them of a gMSA password', async () => {
    const keys = (domain.account('SERVERB3$').keys?.keys ?? []).map(({ etype, bytes }) => ({
      etype,
      bytes: bytes.slice(),
    }));
    const account = parsePrincipal('SERVERB3$', REALM);
    const session = await openGmsaSession(serverB, STRANGER, { account, keys });
    expect(await nameFor(session, 'in-session', WINRM)).toBe('SERVERB3$@CONTOSO.COM');
    session.logOff();
    expect(keys.flatMap(({ bytes }) => [...bytes]).every((octet) => octet === 0)).toBe(true);
  });

  test('a virtual account: an administrator here, the computer on the network', async () => {
    const session = openVirtualSession(serverB, STRANGER);
    expect(session.identity.user).toBe(String.raw`WinRM Virtual Users\WinRM VA_1_alice`);
    expect(session.token.sids.has(wellKnown.builtinAdministrators)).toBe(true);
    expect(await nameFor(session, 'redirector')).toBe('SERVERB$@CONTOSO.COM');
    expect(await nameFor(session, 'in-session', WINRM)).toBe('SERVERB$@CONTOSO.COM');
  });

  test('an SPN that is not there is refused on the leg tgs', async () => {
    const session = openVirtualSession(serverB, STRANGER);
    const error = await labError(session.ticketFor('redirector', service('nowhere', 'cifs')));
    expect(error).toMatchObject({ code: 'refused', detail: { leg: 'tgs', until: NOW + QUARTER } });
  });
});

describe('sessions that end', () => {
  test('NTLM leaves nothing: the target would see ANONYMOUS LOGON', async () => {
    await domain.grant('ServerC', 'ServerB');
    const session = openNtlmSession(serverB, STRANGER);
    const asked = domain.requests;
    expect(await labError(session.ticketFor('redirector', SHARE))).toMatchObject({
      code: 'no-credentials',
      detail: { leg: 'logon-session', ntStatus: 0xc000_0022 },
    });
    expect((await labError(session.ticketFor('in-session', WINRM))).detail.hresult).toBe(
      0x8009_030e,
    );
    expect(domain.requests).toBe(asked);
  });

  test('a logoff takes tickets and session keys with it', async () => {
    const user = parsePrincipal('alice', REALM);
    const password = passwordOf('alice');
    const session = await openPasswordSession(serverB, { user, password, type: 'interactive' });
    await session.ticketFor('redirector', SHARE);
    const tickets = await serverB.lsa.tickets(session.logonId);
    expect(tickets.length).toBeGreaterThan(1);
    session.logOff();
    await setImmediate();
    expect(tickets.every(({ key }) => key.bytes.every((octet) => octet === 0))).toBe(true);
    expect(password.revealText()).not.toContain('Passw0rd');
    expect(session.isOpen).toBe(false);
    const error = await labError(session.ticketFor('redirector', SHARE));
    expect(error).toMatchObject({ code: 'unknown-session', detail: { leg: 'logon-session' } });
    expect(serverB.sessions.size).toBe(0);
  });

  test('two of one connection have a TGT each, and one may end before the other', async () => {
    await domain.control('SERVERB$', TRUSTED_FOR_DELEGATION);
    const client = await domain.person('alice');
    const ticket = await client.getServiceTicket(service('ServerB'));
    const caller = accept(domain, serverB, ticket, await client.delegate(ticket));
    const [first, second] = [
      await openKerberosSession(serverB, caller),
      await openKerberosSession(serverB, caller),
    ];
    first.logOff();
    await setImmediate();
    expect(await nameFor(second, 'redirector')).toBe('alice@CONTOSO.COM');
    second.logOff();
    caller.context.close();
    expect(caller.delegated?.key.bytes.every((octet) => octet === 0)).toBe(true);
  });

  test('a restart ends all of them, and forgets what was refused', async () => {
    const session = await arrive(domain, serverB, 'alice');
    await labError(session.ticketFor('redirector', SHARE));
    await domain.grant('ServerC', 'ServerB');
    serverB.restart();
    expect(session.isOpen).toBe(false);
    const again = await arrive(domain, serverB, 'alice');
    expect(await nameFor(again, 'redirector')).toBe('alice@CONTOSO.COM');
  });

  test('a KDC that cannot be reached refuses nobody', async () => {
    const session = await arrive(domain, serverB, 'alice');
    domain.reachable = false;
    await expect(session.ticketFor('redirector', SHARE)).rejects.toMatchObject({
      code: 'kdc-unreachable',
    });
  });
});
