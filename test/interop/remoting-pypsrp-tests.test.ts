// pypsrp's own tests, those that talk with a live server, at our endpoint.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Contoso, startContoso } from '../support/contoso.ts';
import { hostsFile, withHosts } from '../support/hosts.ts';
import { pypsrpTests, winrmRoot } from '../support/packages.ts';
import { requirePeers, requireRoot, whyMissing } from '../support/peers.ts';
import { HTTP_PORT, type RemotingHost, startRemotingHost } from '../support/remoting-host.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** Those that fail, by what they need. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'a script of full language, in a command shell': ['test_winrs_extra_opts'],
  'scripts of the full language, with begin, process and end': [
    'test_psrp_multiple_commands',
    'test_psrp_nested_command',
    'test_psrp_with_input',
    'test_client_copy_file',
    'test_client_copy_file_empty',
    'test_client_copy_file_failure',
    'test_client_fetch_file_fail_dir',
    'test_client_fetch_file_fail_missing',
  ],
  '$host, and its methods': [
    'test_psrp_pshost_methods',
    'test_psrp_pshost_ui_mocked_methods',
    'test_psrp_pshost_raw_ui_mocked_methods',
  ],
  'Get-Service and New-Item of a Windows computer': [
    'test_client_execute_ps',
    'test_client_execute_ps_environment',
  ],
  'the end of the pipeline at an error inside Invoke-Expression': [
    'test_client_execute_ps_failure',
  ],
  'Get-History': ['test_psrp_with_history'],
  '$env:USERPROFILE of a Windows computer': ['test_psrp_no_profile'],
};

const PASS = [
  'test_psrp_open_runspace',
  'test_psrp_set_runspaces',
  'test_psrp_application_args',
  'test_psrp_is_alive_other_wsman_error',
  'test_psrp_multiple_invocations',
  'test_psrp_error_failed',
  'test_psrp_with_no_history',
  'test_psrp_clear_commands',
  'test_psrp_receive_failure',
  'test_winrs_standard',
  'test_winrs_stderr_rc',
  'test_winrs_send',
  'test_winrs_environment',
  'test_winrs_unicode',
  'test_winrs_open_already_opened',
  'test_winrs_fail_poll_process',
  'test_client_execute_cmd',
  'test_client_execute_cmd_environment',
];

describe("pypsrp's own tests", () => {
  const dir = makeTempDir('remoting-pypsrp-tests');
  let running: { contoso: Contoso; host: RemotingHost } | undefined;

  beforeAll(async () => {
    if (whyMissing('mit', 'winrm') !== undefined || process.getuid?.() !== 0) return;
    const contoso = await startContoso(join(dir, 'contoso'));
    const host = await startRemotingHost(dir, contoso);
    running = { contoso, host };
    writeFileSync(join(dir, 'hosts'), hostsFile({ [host.address]: [host.host] }));
  });
  afterAll(async () => {
    await running?.host.stop();
    await running?.contoso.stop();
    removeDir(dir);
  });

  test('35 with a live server: 18 pass, 17 need what is not offered', async (ctx) => {
    requirePeers(ctx, 'mit', 'winrm');
    requireRoot(ctx);
    if (running === undefined) throw new Error('the endpoint was not started');
    const { contoso, host } = running;
    const failing = Object.values(NEEDS).flat();
    const live = [...PASS, ...failing];
    expect(live).toHaveLength(35);
    const names = new Set(live.map(nameOf));
    const files = ['powershell', 'shell', 'client', 'host'].map((name) => `test_${name}.py`);
    const selected = live.map((name) => LABELS[name] ?? name).join(' or ');
    const options = ['-p', 'no:cacheprovider', '-q', '--tb=no', '-rA', '-k', selected];
    const python = join(winrmRoot, 'bin', 'python');
    const args = ['-m', 'pytest', ...options, ...files.map((file) => join('tests_pypsrp', file))];
    const { stdout, stderr } = await withHosts(join(dir, 'hosts'), python, args, {
      cwd: dirname(pypsrpTests),
      timeout: 60_000,
      env: {
        ...contoso.env,
        PYPSRP_SERVER: host.host,
        PYPSRP_PORT: String(HTTP_PORT),
        PYPSRP_USERNAME: 'alice@CONTOSO.COM',
        PYPSRP_PASSWORD: contoso.password('alice'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    const named = (word: string): string[] =>
      [...stdout.matchAll(new RegExp(`^${word} \\S+::(\\w+)\\[wsman_conn0\\]`, 'gmu'))]
        .map(([, name = '']) => name)
        // What is selected by a part of its name may be more.
        .filter((name) => names.has(name))
        .toSorted();
    expect(named('PASSED'), stdout + stderr).toEqual(PASS.map(nameOf).toSorted());
    expect(named('FAILED')).toEqual(failing.map(nameOf).toSorted());
  });
});

/** A test's name where it is not that of its recording. */
const LABELS: Readonly<Record<string, string>> = {
  test_psrp_clear_commands: 'test_psrp_clear_command',
};

function nameOf(recording: string): string {
  return LABELS[recording] ?? recording;
}
