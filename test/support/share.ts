// Our file server as ServerC of the CONTOSO domain, for foreign clients.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pooledRandom } from '@doublehop/crypto/random';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys } from '@doublehop/kerberos/gss/service-keys';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { identityOf } from '@doublehop/lab/hosts/identity';
import { parseSddl } from '@doublehop/security/sddl';
import { wellKnown } from '@doublehop/security/well-known-sids';
import type { ShareServerEvent } from '@doublehop/smb/server/options';
import { createShareServer } from '@doublehop/smb/server/server';
import { folderTree } from '@doublehop/smb/tree/folder-tree';
import { memoryTree } from '@doublehop/smb/tree/memory-tree';
import type { Contoso } from './contoso.ts';

/** The running server, in this process. */
export interface ShareHost {
  readonly address: string;
  readonly port: number;
  /** What the share `C$` shows. */
  readonly folder: string;
  readonly events: ShareServerEvent[];
  readonly stop: () => Promise<void>;
}

/** Octets of `C$\big.bin`. */
export const BIG = 3_000_000;

/**
 * Starts it on the domain's address: `data` for everybody, `secret` for who encrypts, `C$` for who
 * is Alice, `closed` for nobody.
 */
export async function startShare(dir: string, contoso: Contoso, port = 0): Promise<ShareHost> {
  const folder = join(dir, 'folder');
  mkdirSync(join(folder, 'Sub'), { recursive: true });
  writeFileSync(join(folder, 'big.bin'), Buffer.alloc(BIG, 7));
  writeFileSync(join(folder, 'Sub', 'Deep.txt'), 'deep\n');
  const random = pooledRandom();
  const clock = (): number => Date.now();
  const keys = keytabKeys(await readKeytab(contoso.keytab('serverc')));
  const events: ShareServerEvent[] = [];
  const files = { 'hello.txt': 'hello from ServerC\n', docs: { 'a.txt': 'a', 'b.md': 'bb' } };
  const time = Date.UTC(2026, 0, 2, 3, 4, 5);
  const alice = parseSddl(`O:BAG:BAD:(A;;FA;;;${contoso.account('alice').sid})`);
  const server = createShareServer({
    keys,
    replayCache: memoryReplayCache(),
    clock,
    random,
    authorize: (caller) => {
      const { user, sid, groups } = identityOf(caller, keys);
      const everybody = [wellKnown.everyone, wellKnown.authenticatedUsers];
      return { name: user, token: { sids: new Set([sid, ...groups, ...everybody]) } };
    },
    shares: [
      { name: 'data', remark: 'Data of ServerC', tree: memoryTree(files, { time }) },
      { name: 'secret', encrypt: true, tree: memoryTree({ 's.txt': 'secret\n' }, { time }) },
      { name: 'C$', descriptor: alice, tree: await folderTree(folder) },
      { name: 'closed', descriptor: parseSddl('O:BAG:BAD:'), tree: memoryTree({}, { time }) },
    ],
    log: (event) => events.push(event),
  });
  const bound = await server.listen({ host: contoso.address, port });
  return {
    address: contoso.address,
    port: bound.port,
    folder,
    events,
    stop: () => server.close(),
  };
}
