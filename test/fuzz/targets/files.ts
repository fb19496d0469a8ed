import { decodeCache } from '@doublehop/kerberos/ccache/format';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { KerberosError } from '@doublehop/kerberos/errors';
import { formatKeytab, parseKeytab } from '@doublehop/kerberos/keytab';
import { formatPrincipal, parsePrincipal, samePrincipal } from '@doublehop/kerberos/names';
import { loadPolicy } from '@doublehop/admin/policy/load';
import { fromHex, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';

const KEYTAB = formatKeytab([
  {
    principal: { name: { nameType: 3, nameString: ['HTTP', 'serverb'] }, realm: 'CONTOSO.COM' },
    timestamp: 0,
    kvno: 300,
    key: { etype: 18, bytes: new Uint8Array(32) },
  },
]);

const CONFIG = `[libdefaults]
 default_realm = CONTOSO.COM
 ticket_lifetime = 1d2h
[realms]
 CONTOSO.COM = {
  kdc = tcp/[::1]:88
  kdc = dc.contoso.com*
 }
[domain_realm]
 .contoso.com = CONTOSO.COM
`;

/** Empty cache of version 4, with a time offset (MIT's ccache_file_format). */
const CACHE = '0504000c00010008ffffffff00000000000000010000000100000001430000000161';

const POLICY = `version: 1
domain: contoso.com
rules:
  - name: &a jump box
    targets: {search: [{base: 'OU=A,DC=b', filter: '(cn=\\2a*)', kinds: [user]}], except: [C]}
    mode: exact
    middles: [JumpBox, "CONTOSO\\\\B", *a] # who
`;

/** Files that programs of others, or people, write. */
export function fileTargets(): readonly FuzzTarget[] {
  return [
    { name: 'keytab', seeds: [KEYTAB], run: (b) => void parseKeytab(b), refuses: [KerberosError] },
    {
      name: 'ccache',
      seeds: [fromHex(CACHE)],
      run: (input) => void decodeCache(input),
      refuses: [KerberosError],
    },
    {
      name: 'krb5.conf',
      seeds: [utf8(CONFIG)],
      run: (input) => void krb5Config(parseProfile(fromUtf8(input))),
      refuses: [KerberosError],
    },
    {
      name: 'principal',
      seeds: [utf8('HTTP/server\\/b.contoso.com@CONTOSO.COM'), utf8('a\\@b')],
      run(input) {
        const principal = parsePrincipal(fromUtf8(input), 'CONTOSO.COM');
        const again = parsePrincipal(formatPrincipal(principal), undefined);
        if (!samePrincipal(principal, again)) throw new Error('not stable');
      },
      refuses: [KerberosError],
    },
    {
      name: 'policy file',
      seeds: [utf8(POLICY)],
      run(input) {
        const { policy, problems = [] } = loadPolicy(fromUtf8(input));
        if ((policy === undefined) === (problems.length === 0)) throw new Error('neither nor');
      },
      // It tells problems, and throws nothing.
      refuses: [],
    },
  ];
}
