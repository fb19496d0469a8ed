import type { Command } from '@doublehop/powershell/commands/command';
import { customObject, PsObject } from '@doublehop/powershell/objects/value';
import { ShellClient } from '@doublehop/remoting/client/shell-client';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { WsmanConnection } from '@doublehop/remoting/http/wsman-client';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { FaultCode } from '@doublehop/remoting/wsman/faults';
import { configurationUri } from '@doublehop/remoting/wsman/names';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LabError } from '../src/errors.ts';
import { lookupOf } from '../src/hosts/lookup.ts';
import type { CallerKind } from '../src/sessions/credential.ts';
import type { HostSession } from '../src/sessions/host-session.ts';
import { service, TestDomain } from './support/domain.ts';
import { command, outputOf, schemesOf, startWinRm, type TestWinRm } from './support/win-rm.ts';

/** Says who it runs as, with what, and whether a ticket to ServerC can be had. */
const probe: Command<HostSession> = {
  name: 'Get-Probe',
  synopsis: 'What the session is.',
  parameters: [{ name: 'Caller', type: 'string', position: 0 }],
  run: async ({ session, bound, streams }) => {
    const caller: CallerKind = bound['Caller'] === 'redirector' ? 'redirector' : 'in-session';
    const ticket = await session.ticketFor(caller, service('ServerC', 'cifs')).then(
      ({ client }) => client.name.nameString.join('/'),
      (error: unknown) => {
        if (error instanceof LabError) return `${error.code} ${error.detail.leg}`;
        throw error;
      },
    );
    const { identity, credentialKind } = session;
    await streams.output(
      customObject({ User: identity.user, Kind: credentialKind, Ticket: ticket }),
    );
  },
};

async function setUp(name = 'alice') {
  const domain = await TestDomain.make();
  const winRm = await startWinRm(domain, 'ServerB', [probe]);
  const client = await domain.person(name);
  return { domain, winRm, schemes: schemesOf(domain, name, client) };
}

async function probed(
  session: Parameters<typeof outputOf>[0],
  caller: CallerKind,
): Promise<unknown[]> {
  const [found] = await outputOf(session, command('Get-Probe', caller));
  if (!(found instanceof PsObject)) throw new Error('nothing came');
  return [found.get('User'), found.get('Kind'), found.get('Ticket')];
}

describe('what a session holds after each first hop', () => {
  test.each(['kerberos', 'negotiate'] as const)(
    'by %s: the ticket to the host, nothing else',
    async (kind) => {
      const { winRm, schemes } = await setUp();
      const session = await winRm.open(schemes[kind]);
      expect(await probed(session, 'redirector')).toEqual([
        'CONTOSO\\alice',
        'evidence',
        'refused s4u2proxy',
      ]);
      expect(await probed(session, 'in-session')).toEqual([
        'CONTOSO\\alice',
        'evidence',
        'no-credentials logon-session',
      ]);
    },
  );

  test('by Kerberos, with a grant: the broker helps the redirector, and no program', async () => {
    const { domain, winRm, schemes } = await setUp();
    await domain.grant('ServerC', 'ServerB');
    const session = await winRm.open(schemes.negotiate);
    expect((await probed(session, 'redirector'))[2]).toBe('alice');
    expect((await probed(session, 'in-session'))[2]).toBe('no-credentials logon-session');
  });

  test('by CredSSP: a password, and any ticket with it', async () => {
    const { winRm, schemes } = await setUp();
    const session = await winRm.open(schemes.credSsp());
    for (const caller of ['redirector', 'in-session'] as const) {
      expect(await probed(session, caller)).toEqual(['CONTOSO\\alice', 'password', 'alice']);
    }
  });

  test('by Basic, over HTTPS: the same', async () => {
    const { winRm, schemes } = await setUp();
    const session = await winRm.openTls(schemes.basic());
    expect(await probed(session, 'in-session')).toEqual(['CONTOSO\\alice', 'password', 'alice']);
  });

  test('over HTTPS by Negotiate, bound to the certificate', async () => {
    const { winRm, schemes } = await setUp();
    const session = await winRm.openTls(schemes.negotiate);
    expect((await probed(session, 'in-session'))[1]).toBe('evidence');
  });
});

describe('who gets in', () => {
  test('a wrong password does not, and is in no log', async () => {
    const { domain, winRm, schemes } = await setUp();
    await expect(winRm.open(schemes.credSsp('Falsch.1'))).rejects.toMatchObject({
      code: 'authentication',
    });
    await expect(winRm.openTls(schemes.basic('Falsch.2'))).rejects.toMatchObject({
      code: 'authentication',
    });
    expect(domain.log.join('\n')).toContain('is not logged on');
    expect(domain.log.join('\n')).not.toContain('Falsch');
  });

  test('who is no administrator opens no session, and leaves none behind', async () => {
    const { winRm, schemes } = await setUp();
    winRm.host.localGroups.removeAdministrator('alice');
    await expect(winRm.open(schemes.negotiate)).rejects.toThrow('Access is denied');
    expect([winRm.service.shells(), winRm.host.sessions.size]).toEqual([0, 0]);
  });

  test('carol, of Protected Users, by her ticket', async () => {
    const { winRm, schemes } = await setUp('carol');
    winRm.host.localGroups.addAdministrator('carol');
    const session = await winRm.open(schemes.negotiate);
    expect((await probed(session, 'redirector')).slice(0, 2)).toEqual([
      'CONTOSO\\carol',
      'evidence',
    ]);
  });
});

describe('two people on one computer', () => {
  /** Asks with somebody's own scheme, as raw as WS-Management is. */
  function shellClient(winRm: TestWinRm, scheme: ClientScheme): ShellClient {
    const { random } = winRm.host.system;
    const url = new URL(`http://serverb.contoso.com:${winRm.service.httpPort}/wsman`);
    const shell = new ShellClient({
      connect: () => new WsmanConnection({ url, scheme, lookup: lookupOf('127.0.0.1') }),
      url,
      resourceUri: configurationUri('Microsoft.PowerShell'),
      newId: () => newGuid(random).toUpperCase(),
      operationTimeout: 100,
    });
    onTestFinished(() => shell.close());
    return shell;
  }

  test('neither sees, takes up, asks or closes the other’s session', async () => {
    const { domain, winRm, schemes } = await setUp();
    const alices = await winRm.open(schemes.negotiate);
    const running = outputOf(alices, command('Get-Probe', 'redirector')).catch(() => undefined);
    const { negotiate: bobs } = schemesOf(domain, 'bob', await domain.person('bob'));
    const bob = shellClient(winRm, bobs);
    expect(await bob.enumerate()).toEqual([]);
    await expect(bob.connect(alices.shellId, new Uint8Array(1))).rejects.toMatchObject(NOT_THERE);
    for (const ask of [
      () => bob.receive(),
      () => bob.receive(alices.shellId),
      () => bob.send('stdin', undefined, new Uint8Array(1)),
      () => bob.command(alices.shellId, new Uint8Array(1)),
      () => bob.stop(alices.shellId),
      () => bob.disconnect(),
      () => bob.reconnect(),
    ]) {
      await expect(ask()).rejects.toMatchObject(NOT_THERE);
    }
    // A shell that is gone already counts as closed: to Bob, Alice's was never there.
    await bob.delete();
    const alice = shellClient(winRm, schemes.negotiate);
    expect(await alice.enumerate()).toMatchObject([
      { shellId: alices.shellId, owner: 'CONTOSO\\alice' },
    ]);
    // Bob's own may not even have the id of Alice's.
    await expect(bob.create(alices.shellId, new Uint8Array(1))).rejects.toMatchObject({
      detail: { fault: { code: FaultCode.ACCESS_DENIED } },
    });
    await running;
    expect(winRm.service.shells()).toBe(1);
  });
});

/** The fault of a shell that is not there. */
const NOT_THERE = { detail: { fault: { code: FaultCode.SHELL_NOT_FOUND } } };

describe('a session', () => {
  test('has the restricted language: commands, and no variables of one’s own', async () => {
    const { winRm, schemes } = await setUp();
    const session = await winRm.open(schemes.negotiate);
    expect(await outputOf(session, { kind: 'script', text: "Write-Output ('a' + 'b')" })).toEqual([
      'ab',
    ]);
    await expect(outputOf(session, { kind: 'script', text: '$x = 1' })).rejects.toThrow(
      'not allowed in restricted language mode',
    );
  });

  test('ends with nothing left: no logon, no shell', async () => {
    const { winRm, schemes } = await setUp();
    const session = await winRm.open(schemes.credSsp());
    expect([winRm.service.shells(), winRm.host.sessions.size]).toEqual([1, 1]);
    await session.close();
    expect([winRm.service.shells(), winRm.host.sessions.size]).toEqual([0, 0]);
  });
});
