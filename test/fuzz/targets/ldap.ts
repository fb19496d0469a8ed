import { LdapError } from '@doublehop/ldap/errors';
import { formatFilter, parseFilter } from '@doublehop/ldap/filter-text';
import { decodeEnvelope, decodeMessage } from '@doublehop/ldap/messages/message';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { DirectoryError } from '@doublehop/directory/errors';
import { parseDn } from '@doublehop/directory/dn';
import { fromHex, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import type { FuzzTarget } from '../targets.ts';

/** A bind, a search with a filter of every kind, and a modify (RFC 4511). */
const MESSAGES = [
  '300c020101600702010304008000',
  '3049020102634404064443 3d78 0a0102 0a0100 020100 020100 010100'.replace(/ /g, '') +
    'a02ba3080402636e040278 78'.replace(/ /g, '') +
    '870b6f626a656374436c617373',
];

const FILTERS = [
  '(&(objectClass=*)(|(cn=a*b*c)(!(sn>=x)))(uid:caseExactMatch:=y))',
  '(userAccountControl:1.2.840.113556.1.4.803:=524288)',
  '(cn=\\28\\2a\\29)',
];

const NAMES = ['CN=Doe\\, John,OU=Sales,DC=contoso,DC=com', 'CN=#0401ff', 'cn="a,b"+sn=c,o= d'];

/** LDAP messages and the texts that belong to them. */
export function ldapTargets(): readonly FuzzTarget[] {
  const seeds = MESSAGES.map(fromHex);
  return [
    {
      name: 'ldap-message',
      seeds,
      run: (input) => void decodeMessage(input),
      refuses: [WireError, LdapError],
    },
    {
      name: 'ldap-envelope',
      seeds,
      run: (input) => void decodeEnvelope(input),
      refuses: [WireError, LdapError],
    },
    {
      name: 'ldap-filter',
      seeds: FILTERS.map(utf8),
      run(input) {
        const text = formatFilter(parseFilter(fromUtf8(input)));
        if (formatFilter(parseFilter(text)) !== text) throw new Error('not stable');
      },
      refuses: [LdapError],
    },
    {
      name: 'ldap-url',
      seeds: [utf8('ldaps://dc.contoso.com:636/DC=contoso,DC=com')],
      run: (input) => void parseLdapUrl(fromUtf8(input)),
      refuses: [LdapError],
    },
    {
      name: 'dn',
      seeds: NAMES.map(utf8),
      run: (input) => void parseDn(fromUtf8(input)),
      refuses: [DirectoryError],
    },
  ];
}
