// One audit, as the command does it; prints what it took as JSON.
//
//   audit-client.ts HOST REALM KDC PASSWORD
import { audit } from '@doublehop/admin/audit/audit';
import { connect } from '@doublehop/admin/connect';
import { pooledRandom } from '@doublehop/crypto/random';
import { memoryCache } from '@doublehop/kerberos/ccache/memory';
import { KerberosClient } from '@doublehop/kerberos/client/client';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';

const [host = '', realm = '', kdc = '', password = ''] = process.argv.slice(2);
const random = pooledRandom();
const clock = (): number => Date.now();
const domain = realm.toLowerCase();
const config = krb5Config(
  parseProfile(`[libdefaults]
default_realm = ${realm}
[realms]
${realm} = {
kdc = ${kdc}
}
[domain_realm]
.${domain} = ${realm}
`),
);
const kerberos = new KerberosClient({
  transport: configuredExchange(config, { resolver: noResolver, random, clock }),
  clock,
  random,
  cache: memoryCache(),
  account: {
    client: parsePrincipal('Administrator', realm),
    secret: { kind: 'password', password },
  },
});
const connection = await connect({ urls: [`ldap://${host}`], kerberos, config, clock, random });
const before = process.memoryUsage.rss();
const start = performance.now();
const report = await audit(connection, { clock });
const milliseconds = performance.now() - start;
await connection.close();
const { maxRSS } = process.resourceUsage();
const result = {
  milliseconds: Math.round(milliseconds),
  cpuMilliseconds: Math.round(process.cpuUsage().user / 1000),
  rssBefore: before,
  rssPeak: maxRSS * 1024,
  findings: report.findings.length,
  counts: report.counts,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
