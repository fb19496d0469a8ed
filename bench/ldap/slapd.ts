// OpenLDAP's server with its LMDB back end, its indexes those that we have.
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { encodeSid, parseSid } from '@doublehop/security/sid';
import { startGuarded, whenReady } from '../../test/support/guarded.ts';
import { freePort, waitForPort } from '../../test/support/ports.ts';
import { runOrThrow } from '../../test/support/run.ts';
import { BASE, dnOf, factsOf } from './population.ts';
import type { BenchServer } from './server.ts';

const PASSWORD = 'secret';
const BIND_DN = `cn=admin,${BASE}`;
const LOAD_TIMEOUT_MS = 3_600_000;

/** Starts slapd on a new database of `size` entries below `dir`; needs Debian's slapd. */
export async function startSlapd(dir: string, size: number): Promise<BenchServer> {
  const data = join(dir, 'data');
  mkdirSync(data);
  const config = join(dir, 'slapd.conf');
  writeFileSync(config, configuration(dir, data));
  const ldif = join(dir, 'population.ldif');
  await writeLdif(ldif, size);
  const load = ['-q', '-f', config, '-l', ldif];
  await runOrThrow('/usr/sbin/slapadd', load, { timeout: LOAD_TIMEOUT_MS });
  const address = '127.0.0.1';
  const port = await freePort(address);
  const args = ['-d', '0', '-h', `ldap://${address}:${port}`, '-f', config];
  const server = await startGuarded('/usr/sbin/slapd', args, join(dir, 'slapd.log'));
  await whenReady(server, () => waitForPort(port, address));
  return {
    name: 'slapd',
    address,
    port,
    bindDn: BIND_DN,
    password: PASSWORD,
    base: BASE,
    size,
    pids: [server.pid],
    data,
    stop: server.stop,
  };
}

/** The attributes of Active Directory that the population has, by the OIDs of MS-ADA1 to 3. */
function configuration(dir: string, data: string): string {
  const folded = 'EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch';
  const text = `${folded} SYNTAX 1.3.6.1.4.1.1466.115.121.1.15`;
  const octets = 'EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40';
  const whole = 'EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27';
  const attribute = (oid: string, name: string, syntax: string): string =>
    `attributetype ( 1.2.840.113556.1.4.${oid} NAME '${name}' ${syntax} )`;
  const names =
    'cn $ description $ displayName $ sAMAccountName $ objectSid $ userPrincipalName $ ' +
    'userAccountControl $ dNSHostName $ servicePrincipalName';
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
${attribute('221', 'sAMAccountName', text)}
${attribute('146', 'objectSid', octets)}
${attribute('656', 'userPrincipalName', text)}
${attribute('8', 'userAccountControl', whole)}
${attribute('619', 'dNSHostName', text)}
${attribute('771', 'servicePrincipalName', text)}
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top STRUCTURAL MAY ( ${names} ) )
objectclass ( 1.2.840.113556.1.3.30 NAME 'computer' SUP top STRUCTURAL MAY ( ${names} ) )
objectclass ( 1.2.840.113556.1.3.23 NAME 'container' SUP top STRUCTURAL MUST cn )
pidfile ${join(dir, 'slapd.pid')}
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit unlimited
database mdb
suffix "${BASE}"
rootdn "${BIND_DN}"
rootpw ${PASSWORD}
directory ${data}
maxsize 34359738368
index objectClass eq
index sAMAccountName,servicePrincipalName,objectSid,userPrincipalName,dNSHostName,displayName eq
`;
}

async function writeLdif(path: string, size: number): Promise<void> {
  const out = createWriteStream(path);
  out.write(`dn: ${BASE}\nobjectClass: domain\ndc: bench\n\n`);
  for (const name of ['Users', 'Computers']) {
    out.write(`dn: CN=${name},${BASE}\nobjectClass: container\ncn: ${name}\n\n`);
  }
  for (let number = 1; number <= size; number += 1) {
    const lines = Object.entries(factsOf(number)).flatMap(([name, values]) =>
      values.map((value) => `${name}: ${value}`),
    );
    const sid = Buffer.from(encodeSid(parseSid(`S-1-5-21-1-2-3-${1000 + number}`)));
    const entry = [`dn: ${dnOf(number, BASE)}`, ...lines, `objectSid:: ${sid.toString('base64')}`];
    if (!out.write(`${entry.join('\n')}\n\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
