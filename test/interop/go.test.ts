// Go's gokrb5, the library that most Go programs speak Kerberos with, as client and as service.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contoso, REALM, startContoso } from '../support/contoso.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { type Outcome, run, runOrThrow } from '../support/run.ts';
import { makeTempDir, removeDir } from '../support/temp.ts';

/** Types that gokrb5 speaks; it takes `permitted_enctypes` for what it may ask for. */
const libdefaults = ['default_tkt_enctypes = aes256-cts', 'default_tgs_enctypes = aes256-cts'];
/** Compiling the library for the first time. */
const BUILD_TIMEOUT_MS = 120_000;

describe('gokrb5', () => {
  const dir = makeTempDir('go');
  const program = join(dir, 'gokrb5');
  let contoso: Contoso;

  beforeAll(async () => {
    contoso = await startContoso(dir, { libdefaults });
    if (whyMissing('go') !== undefined) return;
    const source = fileURLToPath(new URL('go/main.go', import.meta.url));
    // Debian's libraries are a GOPATH, as Go programs had before modules.
    const env = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(dir, 'cache') };
    const timeout = BUILD_TIMEOUT_MS;
    await runOrThrow('/usr/lib/go/bin/go', ['build', '-o', program, source], {
      env: { ...env, GOFLAGS: '', GOTOOLCHAIN: 'local', GOROOT: undefined },
      timeout,
    });
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await contoso.stop();
    removeDir(dir);
    expect(contoso.defects).toEqual([]);
  });
  beforeEach((context) => requirePeers(context, 'go'));

  const get = (user: string, secret: string, ...more: string[]): Promise<Outcome> => {
    const service = ['HTTP/serverc.contoso.com', contoso.keytab('serverc'), ...more];
    return run(program, [contoso.env['KRB5_CONFIG'] ?? '', user, REALM, secret, ...service]);
  };

  test('logs on with a password, and reads the PAC of its service ticket', async () => {
    const { stdout, status } = await get('alice', contoso.password('alice'));
    expect(stdout).toMatch(/^true alice alice CONTOSO [1-9]\d*\n$/u);
    expect(status).toBe(0);
  });

  test('logs on with a keytab', async () => {
    const { stdout } = await get('SERVERB$', `@${contoso.keytab('serverb')}`);
    expect(stdout).toMatch(/^true SERVERB\$ SERVERB\$ CONTOSO [1-9]\d*\n$/u);
  });

  test('asks whether the KDC knows FAST, and believes its answer (RFC 6806 §11)', async () => {
    const { stdout, status } = await get('alice', contoso.password('alice'), 'fast');
    expect(stdout).toMatch(/^true alice alice CONTOSO [1-9]\d*\n$/u);
    expect(status).toBe(0);
  });

  test('a wrong password is told', async () => {
    const { stdout, status } = await get('alice', 'wrong');
    expect(stdout).toMatch(/^refused: .*KDC_ERR_PREAUTH_FAILED/u);
    expect(status).toBe(1);
  });
});
