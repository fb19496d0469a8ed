// Samba's AD DC, as the interop tests have it, filled over LDAP.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSambaDc } from '../../test/peers/samba-dc.ts';
import { dnOf, factsOf } from './population.ts';
import type { BenchServer } from './server.ts';
import { add } from './requests.ts';
import { Connection, messageOf } from './wire.ts';

const LDAP_PORT = 389;
const PASSWORD = 'Passw0rd.admin';

/** Starts Samba with `size` entries more than a new domain has; needs root. */
export async function startSamba(dir: string, size: number): Promise<BenchServer> {
  const options = { 'ldap server require strong auth': 'no' };
  const dc = await startSambaDc(dir, options);
  const { address, baseDn: base } = dc;
  const bindDn = `CN=Administrator,CN=Users,${base}`;
  const connection = await Connection.open(address, LDAP_PORT);
  const authentication = { kind: 'simple', value: Buffer.from(PASSWORD) } as const;
  const bound = await connection.ask({
    kind: 'bindRequest',
    value: { version: 3, name: bindDn, authentication },
  });
  if (bound.code !== '0') throw new Error(`Samba refuses the bind: ${bound.code}`);
  const messages = Array.from({ length: size }, (_, index) =>
    messageOf(index + 1, add(dnOf(index + 1, base), factsOf(index + 1))),
  );
  const codes = await connection.sendAll(messages, 1);
  connection.close();
  process.stderr.write(`samba: filled, result codes ${JSON.stringify(codes)}\n`);
  return {
    name: 'samba',
    address,
    port: LDAP_PORT,
    bindDn,
    password: PASSWORD,
    base,
    size,
    pids: processesOf(dc.pid),
    data: join(dir, 'samba', 'private', 'sam.ldb.d'),
    stop: dc.stop,
  };
}

/** The server and all that it has started: those of its session (proc(5), stat, field 6). */
function processesOf(leader: number): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
  return all.map(Number).filter((pid) => sessionOf(pid) === leader);
}

function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    // It has ended since it was listed.
    return undefined;
  }
}
