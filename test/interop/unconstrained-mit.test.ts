// Unconstrained delegation: a user's forwarded TGT comes to a service by MIT's GSS-API, and the
// service goes on with it as the user, at our KDC.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { type MitShell, mitShell } from '../support/mit.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import type { Outcome } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

const SERVICE = 'HTTP/serverb.contoso.com';
const FURTHER = 'cifs/serverc.contoso.com';
const gssDelegate = fileURLToPath(new URL('gss-delegate.py', import.meta.url));

type Delegation = 'none' | 'policy' | 'always';

describe("MIT's GSS-API and unconstrained delegation at our KDC", () => {
  const dir = makeTempDir('unconstrained-mit');
  let running: Contoso | undefined;

  beforeAll(async () => {
    if (whyMissing('mit', 'gssapi') === undefined) running = await startContoso(dir);
  });
  afterAll(async () => {
    await running?.stop();
    removeDir(dir);
    expect(running?.defects ?? []).toEqual([]);
  });
  beforeEach((context) => requirePeers(context, 'mit', 'gssapi'));
  afterEach(() => running?.trustForDelegation('ServerB', false));

  function contoso(): Contoso {
    if (running === undefined) throw new Error('the domain was not started');
    return running;
  }

  /** A shell of the user, with a ticket that is forwardable if the KDC lets it be. */
  async function logon(user: string): Promise<MitShell> {
    const shell = mitShell(contoso());
    const input = `${contoso().password(user)}\n`;
    const { status, stderr } = await shell.run('kinit', ['-f', user], { input });
    expect(status, stderr).toBe(0);
    return shell;
  }

  /** A context with the service: who came, and whether delegated into `ccache`. */
  async function accept(user: MitShell, how: Delegation, ccache = join(dir, how)) {
    const args = [gssDelegate, SERVICE, how, `FILE:${ccache}`];
    const env = { KRB5_KTNAME: contoso().keytab('serverb') };
    const { stdout, stderr } = await user.run('/usr/bin/python3', args, { env });
    expect(stderr).toBe('');
    return stdout.trim();
  }
  const shown = async (user: MitShell): Promise<string> => (await user.run('klist', ['-f'])).stdout;

  test('a trusted service: OK-AS-DELEGATE, and a TGT for the client that asks', async () => {
    await contoso().trustForDelegation('ServerB', true);
    const alice = await logon('alice');
    expect(await accept(alice, 'none')).toBe(`alice@${REALM} no`);
    expect(await shown(alice)).toMatch(/HTTP\/serverb\.contoso\.com@.*\n.*Flags: \w*O\n/u);
    expect(await accept(alice, 'policy')).toBe(`alice@${REALM} yes`);
    expect(await accept(alice, 'always')).toBe(`alice@${REALM} yes`);
  });

  test('what was delegated is the user: it gets tickets, and can be forwarded on', async () => {
    await contoso().trustForDelegation('ServerB', true);
    const ccache = join(dir, 'delegated');
    expect(await accept(await logon('alice'), 'policy', ccache)).toBe(`alice@${REALM} yes`);
    const service = mitShell(contoso());
    const env = { KRB5CCNAME: `FILE:${ccache}` };
    const run = (command: string, ...args: string[]): Promise<Outcome> =>
      service.run(command, args, { env });
    const before = await run('klist', '-f');
    expect(before.stdout).toContain(`Default principal: alice@${REALM}`);
    // Forwardable, and forwarded.
    expect(before.stdout).toMatch(/krbtgt\/CONTOSO\.COM@.*\n.*Flags: Ff/u);
    const kvno = await run('kvno', '-k', contoso().keytab('serverc'), FURTHER);
    expect(kvno.stdout, kvno.stderr).toContain('keytab entry valid');
    expect(contoso().events.at(-1)).toMatchObject({
      EventID: 4769,
      Status: '0x0',
      ServiceName: 'SERVERC$',
      TargetUserName: 'alice',
    });
  });

  test('a service that is not trusted: nothing, unless the client insists', async () => {
    const alice = await logon('alice');
    expect(await accept(alice, 'policy')).toBe(`alice@${REALM} no`);
    expect(await shown(alice)).not.toMatch(/HTTP\/serverb\.contoso\.com@.*\n.*Flags: \w*O/u);
    // The flag is advice to the client (RFC 4120 §2.8); the KDC forwards for whoever asks.
    expect(await accept(alice, 'always')).toBe(`alice@${REALM} yes`);
  });

  test.for(['bob', 'carol'])('%s, who is not to be delegated, is not', async (name) => {
    await contoso().trustForDelegation('ServerB', true);
    const user = await logon(name);
    expect(await shown(user)).not.toMatch(/Flags: F/u);
    expect(await accept(user, 'policy')).toBe(`${name}@${REALM} no`);
    expect(await accept(user, 'always')).toBe(`${name}@${REALM} no`);
  });
});
