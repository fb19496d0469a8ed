// Samba's clients choose our controller by its answer to a ping.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Corp, startCorp } from '../support/corp.ts';
import { requirePeers, requireRoot } from '../support/peers.ts';
import { type Outcome, run } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** finddc of python-samba: a CLDAP ping of an address, and every flag of the answer. */
const FINDDC = `
import sys
from samba import net, param
from samba.dcerpc import nbt
from samba.credentials import Credentials
answer = net.Net(Credentials(), param.LoadParm()).finddc(address=sys.argv[1], domain=sys.argv[2],
    flags=nbt.NBT_SERVER_LDAP | nbt.NBT_SERVER_DS | nbt.NBT_SERVER_WRITABLE)
print(answer.pdc_dns_name, answer.domain_name, answer.client_site, hex(answer.server_type))
`;

describe('MS-ADTS 6.3.3: the ping', () => {
  const dir = makeTempDir('cldap');
  let corp: Corp | undefined;

  beforeAll(async () => {
    if (process.getuid?.() === 0) corp = await startCorp(dir);
  });
  afterAll(async () => {
    await corp?.stop();
    removeDir(dir);
    expect(corp?.defects ?? []).toEqual([]);
  });

  const tool = (name: string, args: readonly string[], input = ''): Promise<Outcome> =>
    run(name, args, { env: { ...corp?.env }, input });
  const address = (): string => corp?.endpoints.address ?? '';

  test('net ads lookup reads every flag', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const { stdout, stderr, status } = await tool('net', ['ads', 'lookup', '-S', address()]);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
    for (const line of [
      'Response Type: LOGON_SAM_LOGON_RESPONSE_EX',
      'Is a PDC: yes',
      'Is a GC of the forest: yes',
      'Is running a KDC: yes',
      'Is running time services: no',
      'Is the closest DC: yes',
      'Is writable: yes',
      'Is NT6 DC that has all secrets: yes',
      'Forest: corp.example',
      'Domain Controller: dc1.corp.example',
      'Pre-Win2k Domain: CORP',
      'Server Site Name: Default-First-Site-Name',
      'Client Site Name: Default-First-Site-Name',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test('python-samba finds the controller', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const { stdout, stderr, status } = await tool(
      '/usr/bin/python3',
      ['-', address(), 'corp.example'],
      FINDDC,
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^dc1\.corp\.example CORP Default-First-Site-Name 0x/);
  });

  test('and does not find another domain there', async (context) => {
    requirePeers(context, 'samba');
    requireRoot(context);
    const outcome = await tool('/usr/bin/python3', ['-', address(), 'other.example'], FINDDC);
    expect(outcome.status).not.toBe(0);
    expect(outcome.stderr).toContain('The object was not found');
  });

  test('adcli reads the same over TCP', async (context) => {
    requirePeers(context, 'adcli');
    requireRoot(context);
    const found = await tool('adcli', ['info', `--domain-controller=${address()}`]);
    expect([found.status, found.stderr]).toEqual([0, '']);
    for (const line of [
      'domain-name = corp.example',
      'domain-short = CORP',
      'domain-controller = dc1.corp.example',
      'domain-controller-site = Default-First-Site-Name',
      'domain-controller-usable = yes',
      'computer-site = Default-First-Site-Name',
    ]) {
      expect(found.stdout.split('\n')).toContain(line);
    }
  });
});
