import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requirePeers } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withTempDir } from '../support/temp.ts';
import { heimdal, startHeimdalKdc } from './heimdal-kdc.ts';

test("Heimdal's KDC as a peer: its own clients and MIT's get tickets", (ctx) => {
  requirePeers(ctx, 'heimdal', 'mit');
  return withTempDir(async (dir) => {
    const kdc = await startHeimdalKdc(join(dir, 'kdc'));
    try {
      await kdc.addUser('alice', 'Passw0rd.alice');
      const keytab = join(dir, 'web.keytab');
      await kdc.addService('HTTP/web.heimdal.test', keytab);
      const password = { env: kdc.env, input: 'Passw0rd.alice\n' };

      const own = await heimdal('kinit', ['--password-file=STDIN', 'alice'], password);
      expect(own.status, own.stderr).toBe(0);
      const ticket = await heimdal('kgetcred', ['HTTP/web.heimdal.test'], { env: kdc.env });
      expect(ticket.status, ticket.stderr).toBe(0);
      const list = await heimdal('klist', [], { env: kdc.env });
      expect(list.stdout).toContain('HTTP/web.heimdal.test@HEIMDAL.TEST');

      const mit = await run('kinit', ['alice'], password);
      expect(mit.status, mit.stderr).toBe(0);
      const kvno = await run('kvno', ['-k', keytab, 'HTTP/web.heimdal.test'], { env: kdc.env });
      expect(kvno.stdout).toContain('keytab entry valid');
    } finally {
      await kdc.stop();
    }
  });
});
