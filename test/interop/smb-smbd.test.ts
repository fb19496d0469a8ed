// Our SMB client against Samba's smbd as ServerC.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { connectShare, type ConnectedShare } from '@doublehop/smb/client/client';
import type { DialectName } from '@doublehop/smb/dialects';
import { SmbError } from '@doublehop/smb/errors';
import { listShares } from '@doublehop/smb/rpc/srvsvc';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Smbd, startSmbd } from '../peers/smbd.ts';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { serviceOf } from '../support/kerberos-client.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const HOST = 'serverc.contoso.com';
const BIG = 2_500_000;
const named = (text: string) => parsePrincipal(text, REALM);

describe("Samba's smbd as ServerC", () => {
  const dir = makeTempDir('smb-smbd');
  let running: { contoso: Contoso; smbd: Smbd } | undefined;

  beforeAll(async () => {
    if (whyMissing('smb') !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(join(dir, 'contoso'));
    const smbd = await startSmbd(join(dir, 'smbd'), contoso);
    writeFileSync(join(smbd.folder, 'hello.txt'), 'hello from smbd\n');
    writeFileSync(join(smbd.folder, 'big.bin'), Buffer.alloc(BIG, 9));
    writeFileSync(join(smbd.folder, 'private.txt'), 'of root', { mode: 0o600 });
    running = { contoso, smbd };
  });
  afterAll(async () => {
    await running?.smbd.stop();
    await running?.contoso.stop();
    removeDir(dir);
  });
  beforeEach((ctx) => {
    requirePeers(ctx, 'smb');
    requireRoot(ctx);
  });

  const world = (): { contoso: Contoso; smbd: Smbd } => {
    if (running === undefined) throw new Error('smbd was not started');
    return running;
  };

  interface How {
    readonly dialects?: readonly DialectName[];
    readonly encrypt?: boolean;
    readonly share?: string;
    readonly getServiceTicket?: (spn: string) => Promise<Credentials>;
  }

  async function connect({ share = 'data', ...how }: How = {}): Promise<ConnectedShare> {
    const { contoso, smbd } = world();
    const alice = await serviceOf(contoso, named('alice'), contoso.keytab('alice'));
    return await connectShare({
      host: HOST,
      address: smbd.address,
      port: smbd.port,
      clock: () => Date.now(),
      random: pooledRandom(),
      getServiceTicket: (spn) => alice.getServiceTicket(named(spn)),
      share,
      ...how,
    });
  }

  test.each([
    ['3.1.1', false],
    ['3.1.1', true],
    ['3.0.2', false],
    ['3.0.2', true],
    ['2.1', false],
  ] as const)('%s, encrypted: %s: lists, reads, asks what is there', async (dialect, encrypt) => {
    const { client, share } = await connect({ dialects: [dialect], encrypt });
    expect([client.dialect, client.encrypted]).toEqual([dialect, encrypt]);
    const names = (await share.list('')).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['big.bin', 'hello.txt', 'private.txt']);
    expect((await share.list('', '*.TXT')).length).toBe(2);
    expect(await share.list('', 'no*')).toEqual([]);
    expect(Buffer.from(await share.read('hello.txt')).toString()).toBe('hello from smbd\n');
    const range = await share.read('hello.txt', { offset: 6, length: 4 });
    expect(Buffer.from(range).toString()).toBe('from');
    expect(Buffer.from(await share.read('big.bin')).equals(Buffer.alloc(BIG, 9))).toBe(true);
    expect([await share.exists('hello.txt'), await share.exists('no\\such')]).toEqual([
      true,
      false,
    ]);
    expect(await share.stat('/')).toMatchObject({ name: '', directory: true });
    await client.close();
  });

  test("smbd's shares, through its pipe", async () => {
    const { client } = await connect();
    const names = (await listShares(client)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['data', 'IPC$']));
    await client.close();
  });

  test('refusals have their names', async () => {
    const { client, share } = await connect();
    const denied = share.read('private.txt');
    await expect(denied).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
    const folder = share.read('');
    await expect(folder).rejects.toMatchObject({ statusName: 'STATUS_FILE_IS_A_DIRECTORY' });
    const absent = client.share('none');
    await expect(absent).rejects.toMatchObject({ statusName: 'STATUS_BAD_NETWORK_NAME' });
    await expect(share.stat('a:b')).rejects.toThrow(SmbError);
    await client.close();
    await expect(share.stat('hello.txt')).rejects.toMatchObject({ code: 'closed' });
  });

  test('a share that demands encryption; one of a distributed file system', async () => {
    const { client } = await connect();
    const sealed = await client.share('sealed');
    expect(Buffer.from(await sealed.read('hello.txt')).toString()).toBe('hello from smbd\n');
    await expect(client.share('dfs')).rejects.toMatchObject({ code: 'dfs' });
    await client.close();
    const old = connect({ dialects: ['2.1'], share: 'sealed' });
    await expect(old).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
  });

  test('a ticket for another host is refused', async () => {
    const { contoso } = world();
    const alice = await serviceOf(contoso, named('alice'), contoso.keytab('alice'));
    const getServiceTicket = () => alice.getServiceTicket(named('cifs/serverb.contoso.com'));
    await expect(connect({ getServiceTicket })).rejects.toMatchObject({ code: 'status' });
  });

  test("the hop: the middle's ticket for alice by RBCD; smbd sees CONTOSO\\alice", async () => {
    const { contoso, smbd } = world();
    await contoso.grant('SERVERC', 'SERVERB');
    const middle = await serviceOf(contoso, named('SERVERB$'), contoso.keytab('serverb'), {
      settings: { forwardable: true },
    });
    const before = smbd.log().length;
    const evidence = await middle.impersonate(named('alice'));
    const { client, share } = await connect({
      getServiceTicket: (spn) => middle.proxy(evidence, named(spn)),
    });
    expect((await share.list('')).length).toBe(3);
    await client.close();
    const log = smbd.log().slice(before);
    expect(log).toMatch(/Successful AuthZ: \[SMB2,krb5\] user \[CONTOSO\]\\\[alice\]/u);
    expect(log).toContain('connect to service data initially as user CONTOSO\\alice');
  });
});
