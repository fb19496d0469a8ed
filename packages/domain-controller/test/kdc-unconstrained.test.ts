import { Key } from '@doublehop/crypto/key';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { keepDelegated, mayDelegate } from '@doublehop/kerberos/client/delegation';
import { type Acceptance, krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { describe, expect, test } from 'vitest';
import { account, krbtgt } from './support/accounts.ts';
import { Realm } from './support/realm.ts';

const TRUSTED = account('computer', 'SERVERB$', 1104, {
  servicePrincipalNames: ['HTTP/serverb.contoso.com'],
  userAccountControl: 0x8_1000,
});
const TARGET = account('computer', 'SERVERC$', 1105, {
  servicePrincipalNames: ['cifs/serverc.contoso.com'],
});
const WEB = 'HTTP/serverb.contoso.com';
const FILES = 'cifs/serverc.contoso.com';

const realm = (alice = {}): Realm =>
  new Realm([krbtgt(), account('user', 'alice', 1103, alice), TRUSTED, TARGET]);

async function clientOf(r: Realm, tgt: Credentials): Promise<KerberosClient> {
  const cache = memoryCache();
  await keepDelegated(tgt, cache);
  const { transport, random } = r.client;
  return new KerberosClient({ transport, random, clock: () => r.now, cache });
}

/** What a service learns of a client that comes with these tickets. */
function accepted(
  r: Realm,
  credentials: Credentials,
  how: { readonly delegated?: Credentials | undefined; readonly userToUserKey?: Key },
): Acceptance {
  const { random } = r;
  const clock = () => r.now;
  const initiator = krb5Initiator({ credentials, clock, random, delegated: how.delegated });
  const acceptor = krb5Acceptor({
    keys: (_server, etype) =>
      TRUSTED.keys?.keys
        .filter((key) => key.etype === etype)
        .map(({ bytes }) => Key.of(etype, bytes)),
    replayCache: memoryReplayCache(),
    clock,
    random,
    userToUserKey: how.userToUserKey,
  });
  const { token } = acceptor.step(initiator.step().token);
  initiator.step(token);
  if (acceptor.context === undefined) throw new Error('no context');
  return acceptor.context.acceptance;
}

describe('unconstrained delegation (RFC 4120 §2.8, MS-KILE 3.3.5.7.5)', () => {
  test('the TGT goes to a service that is trusted, which then acts as the user', async () => {
    const r = realm();
    const alice = await clientOf(r, await r.login('alice'));
    const ticket = await alice.getServiceTicket(r.name(WEB));
    expect(ticket.flags & TicketFlag.OK_AS_DELEGATE).not.toBe(0);
    const { delegated } = accepted(r, ticket, { delegated: await alice.delegate(ticket) });
    if (delegated === undefined) throw new Error('nothing was delegated');
    expect(delegated.flags & TicketFlag.FORWARDED).not.toBe(0);
    const service = await clientOf(r, delegated);
    const hop = await service.getServiceTicket(r.name(FILES));
    const part = r.open(hop, TARGET);
    expect(part.cname.nameString).toEqual(['alice']);
    // Who looks sees that the user was not there.
    expect(part.flags & TicketFlag.FORWARDED).not.toBe(0);
  });

  test('to others only where the client says so', async () => {
    const r = realm();
    const alice = await clientOf(r, await r.login('alice'));
    const ticket = await alice.getServiceTicket(r.name(FILES));
    expect(ticket.flags & TicketFlag.OK_AS_DELEGATE).toBe(0);
    expect(await alice.delegate(ticket)).toBeUndefined();
    expect(await alice.delegate(ticket, 'never')).toBeUndefined();
    expect(await alice.delegate(ticket, 'always')).toBeDefined();
  });

  test.each([
    ['a sensitive user', { userAccountControl: 0x10_0200 }],
    ['a member of Protected Users', { protectedUser: true }],
  ])('never that of %s', async (_who, changes) => {
    const r = realm(changes);
    const tgt = await r.login('alice');
    const alice = await clientOf(r, tgt);
    const ticket = await alice.getServiceTicket(r.name(WEB));
    expect(await alice.delegate(ticket, 'always')).toBeUndefined();
    expect(mayDelegate(ticket, tgt, 'always')).toBe(false);
  });
});

describe('user to user in GSS-API (RFC 4120 §3.7)', () => {
  test('the service opens the ticket with the session key of its TGT', async () => {
    const r = new Realm([krbtgt(), account('user', 'alice', 1103), account('user', 'bob', 1106)]);
    const alice = await clientOf(r, await r.login('alice'));
    const bob = await r.login('bob');
    const ticket = await alice.userToUser(r.name('bob'), bob.ticket);
    expect(ticket.isSkey).toBe(true);
    const userToUserKey = Key.of(bob.key.etype, bob.key.bytes);
    const { ticketPart } = accepted(r, ticket, { userToUserKey });
    expect(ticketPart.cname.nameString).toEqual(['alice']);
    expect(() => accepted(r, ticket, {})).toThrow('user-to-user authentication is not supported');
  });
});
