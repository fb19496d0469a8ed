import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requirePeers } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withTempDir } from '../support/temp.ts';
import { startMitKdc } from './mit-kdc.ts';

describe('MIT krb5kdc as a peer', () => {
  test('kinit by password, kvno by keytab', (ctx) => {
    requirePeers(ctx, 'mit');
    return withTempDir(async (dir) => {
      const kdc = await startMitKdc(join(dir, 'kdc'));
      try {
        await kdc.addUser('alice', 'Passw0rd.alice');
        const keytab = join(dir, 'web.keytab');
        await kdc.addService('HTTP/web.mit.test', keytab);
        const kinit = await run('kinit', ['alice'], { env: kdc.env, input: 'Passw0rd.alice\n' });
        expect(kinit.stderr).toBe('');
        expect(kinit.status).toBe(0);
        const kvno = await run('kvno', ['-k', keytab, 'HTTP/web.mit.test'], { env: kdc.env });
        expect(kvno.stdout).toContain('keytab entry valid');
        const wrong = await run('kinit', ['alice'], { env: kdc.env, input: 'wrong\n' });
        expect(wrong.stderr).toMatch(/password incorrect/iu);
      } finally {
        await kdc.stop();
      }
    });
  });

  test('many users come from one dump and share their password', (ctx) => {
    requirePeers(ctx, 'mit');
    return withTempDir(async (dir) => {
      const kdc = await startMitKdc(join(dir, 'kdc'));
      try {
        await kdc.addManyUsers(1000, 'Passw0rd.many');
        for (const name of ['user1', 'user17', 'user1000']) {
          const kinit = await run('kinit', [name], { env: kdc.env, input: 'Passw0rd.many\n' });
          expect(kinit.stderr).toBe('');
        }
      } finally {
        await kdc.stop();
      }
    });
  });
});
