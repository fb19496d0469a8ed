import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretFromKeytab } from '@doublehop/kerberos/client/secret';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { heimdal, type HeimdalKdc, startHeimdalKdc } from '../peers/heimdal-kdc.ts';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { clientOf, refusal } from '../support/kerberos-client.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

// FAST (RFC 6113 §5.4) in both directions.

describe("Heimdal's kinit --fast-armor-cache and our KDC", () => {
  const dir = makeTempDir('fast-heimdal-kdc');
  let running: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('heimdal') === undefined) running = await startContoso(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
    expect(running?.defects ?? []).toEqual([]);
  });

  function contoso(): Contoso {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  }
  const ccache = (name: string): string => `FILE:${join(dir, `${name}.ccache`)}`;

  function client(name: string, command: string, ...args: string[]): Promise<Outcome> {
    const env = { ...contoso().env, KRB5CCNAME: ccache(name) };
    return heimdal(command, args, { env });
  }

  async function kinit(password: string): Promise<Outcome> {
    const host = ['-k', '-t', contoso().keytab('jumpbox'), 'JUMPBOX$'];
    const armor = await client('jumpbox', 'kinit', ...host);
    expect(armor.status, armor.stderr).toBe(0);
    const file = join(dir, 'password');
    writeFileSync(file, password);
    const cache = `--fast-armor-cache=${ccache('jumpbox')}`;
    return client('alice', 'kinit', cache, `--password-file=${file}`, 'alice');
  }

  test('armor is opened, but a timestamp is no proof in it', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const before = contoso().events.length;
    const { status, stderr } = await kinit(contoso().password('alice'));
    // Heimdal 7 has no encrypted challenge; Windows takes nothing else in armor either.
    expect([status, stderr]).toEqual([1, 'kinit: Password incorrect\n']);
    expect(
      contoso()
        .events.slice(before)
        .map(({ TargetUserName, Reason }) => [TargetUserName, Reason]),
    ).toEqual([
      ['JUMPBOX$', 'preauth-required'],
      ['JUMPBOX$', '-'],
      ['alice', 'preauth-required'],
      ['alice', 'preauth-required'],
    ]);
  });
});

describe("our client in armor and Heimdal's KDC", () => {
  const dir = makeTempDir('fast-heimdal-client');
  const keytab = join(dir, 'host.keytab');
  const password = { kind: 'password', password: 'Passw0rd.alice' } as const;
  let running: HeimdalKdc | undefined;

  beforeAll(async () => {
    if (whyMissing('heimdal') !== undefined) return;
    running = await startHeimdalKdc(join(dir, 'kdc'));
    await running.addUser('alice', password.password);
    await running.addService('host/pc.heimdal.test', keytab);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
  });

  function kdc(): HeimdalKdc {
    if (running === undefined) throw new Error('the KDC was not started');
    return running;
  }
  const named = (text: string): Principal => parsePrincipal(text, 'HEIMDAL.TEST');

  test('AS by encrypted challenge; a wrong password', async (ctx) => {
    requirePeers(ctx, 'heimdal');
    const host = named('host/pc.heimdal.test');
    const secret = secretFromKeytab(await readKeytab(keytab), host);
    const { credentials: armor } = await clientOf(kdc()).login(host, secret);
    const client = clientOf(kdc());
    const { credentials } = await client.login(named('alice'), password, { armor });
    expect(credentials.client.name.nameString).toEqual(['alice']);
    const wrong = { kind: 'password', password: 'wrong' } as const;
    const refused = await refusal(client.login(named('alice'), wrong, { armor }));
    // What Heimdal calls it; the error came in armor.
    expect(refused.detail.errorCode).toBe(31);
    await client.login(named('alice'), password, { armor });
    await expect(client.getServiceTicket(host)).resolves.toBeDefined();
  });
});
