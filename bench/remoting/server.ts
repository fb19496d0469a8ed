// The server of npm run bench:remoting: CONTOSO.COM and the endpoint of ServerB, in one process. It
// writes one JSON line when it is ready, and lives until its standard input ends.
import { type AddressInfo } from 'node:net';
import { pooledRandom } from '@doublehop/crypto/random';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import { keytabKeys } from '@doublehop/kerberos/gss/service-keys';
import { readKeytab } from '@doublehop/kerberos/keytab-file';
import { formatPrincipal } from '@doublehop/kerberos/names';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { createEndpoint } from '@doublehop/remoting/endpoint/endpoint';
import { gssServerSchemes } from '@doublehop/remoting/http/gss-scheme';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import { startContoso } from '../../test/support/contoso.ts';

const [dir = ''] = process.argv.slice(2);
const random = pooledRandom();
const clock = (): number => Date.now();
const contoso = await startContoso(dir);
const keys = keytabKeys(await readKeytab(contoso.keytab('serverb')));
const commands: readonly Command<undefined>[] = [
  {
    name: 'Get-Bytes',
    synopsis: 'Blocks of octets.',
    parameters: [
      { name: 'Count', type: 'int', position: 0 },
      { name: 'Size', type: 'int', position: 1 },
    ],
    run: async ({ bound, streams }) => {
      const block = new Uint8Array(Number(bound['Size']));
      for (let i = 0; i < Number(bound['Count']); i += 1) await streams.output(block);
    },
  },
  ...builtinCommands<undefined>(() => commands),
];
const endpoint = createEndpoint<ShellOwner, undefined>({
  schemes: gssServerSchemes({
    acceptor: { keys, replayCache: memoryReplayCache(), clock, random },
    bindingPolicy: 'ignore-if-absent',
    authorize: ({ peer }) => ({ name: formatPrincipal(peer), sid: formatPrincipal(peer) }),
  }),
  configuration: (name) => ({
    name,
    open: async () => ({
      session: undefined,
      commands,
      languageMode: 'None' as const,
      close: () => {},
    }),
  }),
  machine: 'serverb',
  clock,
  timer: (milliseconds, act) => {
    const timeout = setTimeout(act, milliseconds);
    return () => clearTimeout(timeout);
  },
  random,
  newId: () => newGuid(random).toUpperCase(),
  product: { vendor: 'doublehop', version: 'bench' },
  log: (line) => process.stderr.write(`${line}\n`),
});
await new Promise<void>((resolve) => {
  endpoint.http.listen(0, contoso.address, resolve);
});
const { port } = endpoint.http.address() as AddressInfo; // it listens on TCP
const { address, env } = contoso;
process.on('message', (asked: 'memory' | 'cpu') => {
  if (asked === 'memory') globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ heap: process.memoryUsage().rss, cpu: user + system });
});
process.send?.({ address, port, env, password: contoso.password('alice') });
process.once('disconnect', () => {
  void endpoint.close().then(() => contoso.stop());
});
