import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KerberosError } from '@doublehop/kerberos/errors';
import { formatPrincipal, parsePrincipal, type Principal } from '@doublehop/kerberos/names';
import { Dissection, startCapture } from '../support/capture.ts';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { clientOf, serviceOf } from '../support/kerberos-client.ts';
import { mitShell } from '../support/mit.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const TARGET = 'cifs/serverc.contoso.com';
const named = (text: string): Principal => parsePrincipal(text, REALM);

describe('Wireshark, with our keytab, of the story on the wire', () => {
  const dir = makeTempDir('capture');
  let story: Dissection | undefined;

  beforeAll(async () => {
    const missing = whyMissing('mit', 'tshark');
    if (missing !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(dir);
    try {
      const capture = await startCapture(dir, contoso.address);
      await play(contoso);
      story = new Dissection(await capture.finish(), contoso.port, contoso.keytab('all'));
    } finally {
      await contoso.stop();
    }
  });
  afterAll(() => removeDir(dir));

  function seen(): Dissection {
    if (story === undefined) throw new Error('nothing was captured');
    return story;
  }

  test('nothing is malformed, nothing is left undissected', async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const bad =
      '(_ws.malformed || _ws.expert.group == "Malformed" || _ws.expert.severity == "Error")';
    expect(await seen().rows(`${bad} && ${READ_RIGHT}`, 'frame.number', MESSAGE)).toEqual([]);
    const text = await seen().details(`kerberos && ${READ_RIGHT}`);
    expect(text.match(/.*(?:BER Error|Undecoded|Dissector bug).*/gu) ?? []).toEqual([]);
  });

  test('every message was recognized, on both transports', async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const kinds = async (transport: string): Promise<Set<string>> => {
      const rows = await seen().rows(`kerberos && ${transport}`, 'kerberos.msg_type');
      // A message within another one, an AP-REQ in the padata, comes second.
      return new Set(rows.map(([types = '']) => types.split(',')[0] ?? ''));
    };
    expect([...(await kinds('udp'))].toSorted()).toEqual(['10', '11', '30']);
    expect([...(await kinds('tcp'))].toSorted()).toEqual(['10', '11', '12', '13', '30']);
  });

  test('S4U: PA-FOR-USER, PA-S4U-X509-USER and PA-PAC-OPTIONS', async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const request = (type: number): Promise<readonly string[][]> =>
      seen().rows(`kerberos.msg_type == 12 && kerberos.padata_type == ${type}`, 'frame.number');
    for (const type of [129, 130, 167]) expect(await request(type), `${type}`).not.toEqual([]);
    const rbcd = 'kerberos.PAC.OPTIONS.FLAGS.resource.based.constrained.delegation';
    expect(await seen().rows(`${rbcd} == 1`, 'frame.number')).not.toEqual([]);
  });

  test("Wireshark verifies the PAC's signatures: server, KDC, ticket", async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const replies = await seen().rows('kerberos.msg_type == 13', 'kerberos.SNameString', MESSAGE);
    expect(replies.length).toBeGreaterThan(5);
    for (const [sname = '', messages = ''] of replies) {
      expect(messages, sname).toContain('Verified Server checksum');
      expect(messages, sname).toContain('Verified KDC checksum');
      // A ticket for the TGS has no ticket signature (MS-PAC 2.8.3).
      const ofTicket = messages.includes('Verified Ticket checksum');
      expect(ofTicket, sname).toBe(!sname.startsWith('krbtgt'));
    }
    const wrong = `${MESSAGE} contains "not verified" || ${MESSAGE} contains "Failed"`;
    expect(await seen().rows(wrong, 'frame.number')).toEqual([]);
  });

  test('the hop: alice to the target, through the middle, in the PAC', async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const filter = 'kerberos.msg_type == 13 && kerberos.pac_s4u_delegation_info';
    const hops = await seen().rows(
      filter,
      'kerberos.CNameString',
      'netlogon.s4u2proxytarget',
      'kerberos.pac.upn.samaccountname',
    );
    expect(hops.length).toBe(2);
    for (const [names = '', target, account] of hops) {
      expect(new Set(names.split(','))).toContain('alice');
      expect(target).toContain(TARGET);
      expect(account).toBe('alice');
    }
    const lines = new Set((await seen().details(filter)).split('\n').map((line) => line.trim()));
    expect(lines).toContain('Acct Name: alice');
    expect(lines).toContain(`Transited Service: SERVERB$@${REALM}`);
  });

  test('a refusal: BADOPTION with the NTSTATUS in its e-data', async (ctx) => {
    requirePeers(ctx, 'mit', 'tshark');
    requireRoot(ctx);
    const refused = await seen().rows(
      'kerberos.msg_type == 30 && kerberos.error_code == 13',
      'kerberos.smb.nt_status',
      'kerberos.e_text',
    );
    // MIT's client armors its TGS-REQs: the answer has PA-FX-FAST there (RFC 6113 §5.4.4).
    expect(refused).toEqual([
      ['', 'rbcd-descriptor-absent'],
      ['0xc0000225', 'rbcd-descriptor-absent'],
    ]);
  });
});

const MESSAGE = '_ws.expert.message';

/** Wireshark takes the e-data of any BADOPTION for KERB-ERROR-DATA, that of an armored one too. */
const READ_RIGHT = '!(kerberos.error_code == 13 && !kerberos.smb.nt_status)';

/** The story, by MIT's clients and by ours: logon, service, refused hop, grant, hop, renewal. */
async function play(contoso: Contoso): Promise<void> {
  const alice = mitShell(contoso, 'forwardable = true', 'renew_lifetime = 1d');
  const works = async (shell: typeof alice, line: string, input = ''): Promise<void> => {
    const [command = '', ...args] = line.split(' ');
    const { status, stderr } = await shell.run(command, args, { input });
    if (status !== 0) throw new Error(`${line}: ${stderr}`);
  };
  await works(alice, 'kinit alice', `${contoso.password('alice')}\n`);
  await works(alice, 'kvno HTTP/serverb.contoso.com');
  await works(alice, 'kinit -R');

  const middle = mitShell(contoso, 'forwardable = true', 'udp_preference_limit = 1');
  await works(middle, `kinit -kt ${contoso.keytab('serverb')} SERVERB$`);
  await middle.run('kvno', ['-U', 'alice', '-P', TARGET]);
  const options = { settings: { forwardable: true } };
  const service = await serviceOf(contoso, named('SERVERB$'), contoso.keytab('serverb'), options);
  const user = clientOf(contoso, options);
  await user.login(named('alice'), { kind: 'password', password: contoso.password('alice') });
  const own = await user.getServiceTicket(named('HTTP/serverb.contoso.com'));
  const refused = service.proxy(own, named(TARGET));
  await refused.catch((error: unknown) => {
    if (!(error instanceof KerberosError)) throw error;
  });

  await contoso.grant('ServerC', 'ServerB');
  await works(middle, `kvno -U alice -P ${TARGET}`);
  const hop = await service.proxy(own, named(TARGET));
  if (formatPrincipal(hop.client) !== `alice@${REALM}`) throw new Error('not alice');
  await service.impersonate(named('alice'), { compat: true });
  await user.forward();
}
