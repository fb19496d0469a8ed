import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withHosts } from '../../test/support/hosts.ts';
import { impacketScript } from '../../test/support/packages.ts';
const S='--conditions=@doublehop/source';
const child = fork(fileURLToPath(new URL('audit-server.ts', import.meta.url)), ['/tmp/prof/d', process.argv[2] ?? '10000'], { execArgv: [S] });
const [d] = await once(child, 'message') as any;
const client = fileURLToPath(new URL('audit-client.ts', import.meta.url));
const r = await withHosts(d.hosts, process.execPath, [S, '--cpu-prof', '--cpu-prof-dir=/tmp/prof', client, d.host, d.realm, d.address, d.administrator.password], { timeout: 300000, env: d.env });
console.log(r.stdout, r.stderr.slice(0, 500));
if (process.argv[3]) { const [py, sc] = impacketScript('findDelegation');
const r2 = await withHosts(d.hosts, py, ['test/interop/impacket-without-smb.py', d.host, sc, '-debug', '-k', '-dc-ip', d.address, `${d.realm}/Administrator:${d.administrator.password}`], { timeout: 300000, env: { ...d.env, KRB5CCNAME: undefined } });
console.log(r2.stdout.slice(0, 1500), r2.stderr.slice(-1500)); }
child.disconnect();
