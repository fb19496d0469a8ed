import { describe, expect, test } from 'vitest';
import {
  formatKlist,
  formatSessions,
  formatTime,
  klistReport,
  sessionReports,
} from '../src/lsa/klist.ts';
import { LogonId } from '../src/lsa/lsa.ts';
import { labError, NOW, service, TestDomain } from './support/domain.ts';

describe('klist', () => {
  test('tickets and negative entries of a session, in the words of Windows', async () => {
    const domain = await TestDomain.make();
    const { lsa } = domain.host('ServerB');
    const alice = await domain.person('alice');
    const { ticket, client } = await alice.getServiceTicket(service('ServerB'));
    const session = lsa.logOn({ ticket, client });
    await domain.grant('ServerC', 'ServerB');
    await lsa.delegate(session, service('ServerC', 'cifs'));
    await labError(lsa.delegate(session, service('JumpBox')));
    await labError(lsa.serviceTicket(LogonId.SYSTEM, service('nowhere')));

    const report = await klistReport('ServerB', lsa, LogonId.SYSTEM);
    const start = formatTime(NOW);
    const end = formatTime(NOW + 10 * 3_600_000);
    const until = formatTime(NOW + 15 * 60_000);
    expect(formatKlist(report).split('\n')).toEqual([
      '',
      'ServerB: LogonId is 0:0x3e7 (SYSTEM)',
      '',
      'Cached Tickets: (2)',
      '',
      '#0>\tClient: SERVERB$ @ CONTOSO.COM',
      '\tServer: krbtgt/CONTOSO.COM @ CONTOSO.COM',
      '\tKerbTicket Encryption Type: AES-256-CTS-HMAC-SHA1-96',
      expect.stringMatching(/^\tTicket Flags 0x\w+ -> forwardable .*initial pre_authent/u),
      `\tStart Time: ${start}`,
      `\tEnd Time:   ${end}`,
      expect.stringMatching(/^\tRenew Time: /u),
      '\tSession Key Type: AES-256-CTS-HMAC-SHA1-96',
      '\tCache Flags: 0x1 -> PRIMARY',
      '',
      '#1>\tClient: alice @ CONTOSO.COM',
      '\tServer: cifs/serverc.contoso.com @ CONTOSO.COM',
      '\tKerbTicket Encryption Type: AES-256-CTS-HMAC-SHA1-96',
      expect.stringMatching(/^\tTicket Flags 0x\w+ -> forwardable/u),
      `\tStart Time: ${start}`,
      `\tEnd Time:   ${end}`,
      expect.stringMatching(/^\tRenew Time: /u),
      '\tSession Key Type: AES-256-CTS-HMAC-SHA1-96',
      '\tCache Flags: 0x4 -> S4U',
      '',
      'Negative Cache: (2)',
      '',
      '#0>\tSPN: HTTP/nowhere.contoso.com@CONTOSO.COM',
      '\tFailed with: KDC_ERR_S_PRINCIPAL_UNKNOWN',
      `\tRepeated until: ${until}`,
      '',
      '#1>\tS4U: alice@CONTOSO.COM to HTTP/jumpbox.contoso.com@CONTOSO.COM',
      '\tFailed with: KDC_ERR_BADOPTION, STATUS_NOT_FOUND',
      `\tRepeated until: ${until}`,
      '',
    ]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('a session without anything', async () => {
    const { lsa } = (await TestDomain.make()).host('ServerA');
    const report = await klistReport('ServerA', lsa, LogonId.NETWORK_SERVICE);
    expect(formatKlist(report)).toBe(
      '\nServerA: LogonId is 0:0x3e4 (NETWORK SERVICE)\n\nCached Tickets: (0)\n',
    );
    expect((await labError(klistReport('ServerA', lsa, 0x999))).code).toBe('unknown-session');
  });

  test('klist sessions', async () => {
    const { lsa } = (await TestDomain.make()).host('ServerA');
    expect(formatSessions('ServerA', sessionReports(lsa))).toBe(
      'ServerA: logon sessions\n\n' +
        '[0] Session 0 0:0x3e7 SYSTEM Kerberos:Service\n' +
        '[1] Session 0 0:0x3e4 NETWORK SERVICE Kerberos:Service\n',
    );
  });
});
