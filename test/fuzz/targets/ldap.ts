import {
  type ControlCodec,
  dirSyncRequest,
  dirSyncResponse,
  extendedDn,
  listViewRequest,
  listViewResponse,
  pagedResults,
  scopedQuery,
  scopedQueryResponse,
  sdFlags,
  searchOptions,
  sortRequest,
  sortResponse,
} from '@doublehop/ldap/controls';
import { LdapError } from '@doublehop/ldap/errors';
import { formatFilter, parseFilter } from '@doublehop/ldap/filter-text';
import { decodeEnvelope, decodeMessage } from '@doublehop/ldap/messages/message';
import { parseLdapUrl } from '@doublehop/ldap/url';
import { DirectoryError } from '@doublehop/directory/errors';
import type { Directory } from '@doublehop/directory/directory';
import { parseDn } from '@doublehop/directory/dn';
import { equal, fromHex, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import {
  contoso,
  DOMAIN_DN,
  DOMAIN_SID,
} from '../../../packages/directory/test/support/fixtures.ts';
import { inputValues } from '@doublehop/domain-controller/ldap/input';
import { parseHeuristics } from '@doublehop/domain-controller/ldap/access/heuristics';
import { canonical, matchKey } from '@doublehop/directory/schema/syntax';
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

/** LDAP messages, the values of controls, and the texts and values that belong to them. */
export async function ldapTargets(): Promise<readonly FuzzTarget[]> {
  const directory = await contoso();
  return [...textTargets(), ...controlTargets(), nameTarget(directory), valueTarget(directory)];
}

function textTargets(): readonly FuzzTarget[] {
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

/** The value of each control that takes one, in requests and in responses. */
function controlTargets(): readonly FuzzTarget[] {
  const cookie = Uint8Array.of(1, 2, 3, 4);
  const sort = [
    { attribute: 'cn', orderingRule: '1.2.840.113556.1.4.1499', reverse: true },
    { attribute: 'sn' },
  ];
  const offset = { kind: 'byOffset', value: { offset: 3, contentCount: 9 } } as const;
  const value = { kind: 'greaterThanOrEqual', value: utf8('m') } as const;
  const view = { beforeCount: 1, afterCount: 2 };
  const shown = { targetPosition: 1, contentCount: 2, resultCode: 0, contextId: cookie };
  return [
    control('paged-results', pagedResults, [{ size: 100, cookie }]),
    control('sd-flags', sdFlags, [{ flags: 7 }]),
    control('sort-request', sortRequest, [sort]),
    control('sort-response', sortResponse, [{ resultCode: 16, attribute: 'cn' }]),
    control('search-options', searchOptions, [{ flags: 2 }]),
    control('extended-dn', extendedDn, [{ option: 1 }]),
    control('list-view-request', listViewRequest, [
      { ...view, target: offset, contextId: cookie },
      { ...view, target: value },
    ]),
    control('list-view-response', listViewResponse, [shown]),
    control('scoped-query', scopedQuery, [{ attribute: 'member' }]),
    control('scoped-query-response', scopedQueryResponse, [{ resultCode: 0 }]),
    control('dirsync-request', dirSyncRequest, [{ flags: 0x8000_0000, maxBytes: 9, cookie }]),
    control('dirsync-response', dirSyncResponse, [{ moreResults: 1, unused: 0, cookie }]),
  ];
}

/** What is taken is written again, and read as the same. */
function control<T>(name: string, codec: ControlCodec<T>, values: readonly T[]): FuzzTarget {
  return {
    name: `control-${name}`,
    seeds: values.map((each) => codec.encode(each).value ?? new Uint8Array()),
    run(input) {
      const again = codec.encode(codec.decode(input)).value;
      const third = codec.encode(codec.decode(again)).value;
      if (!equal(again ?? new Uint8Array(), third ?? new Uint8Array())) {
        throw new Error('not stable');
      }
    },
    refuses: [LdapError],
  };
}

/** Names of entries in every form, looked up in a domain (MS-ADTS 3.1.1.3.1.2.4). */
function nameTarget(directory: Directory): FuzzTarget {
  const users = '<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd';
  const names = [
    `<GUID=${directory.get(DOMAIN_DN).guid}>`,
    `<SID=${DOMAIN_SID}-500>`,
    '<SID=010500000000000515000000010000000200000003000000f4010000>;CN=x',
    `${users},${DOMAIN_DN}>`,
    `${users},<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd,<SID=${DOMAIN_SID}>>>`,
    `CN=Administrator,CN=Users,${DOMAIN_DN}`,
    `CN=x\\0ADEL:ca21b03b-6dd3-11d1-8a7d-b8dfb156871f,CN=Deleted Objects,${DOMAIN_DN}`,
  ];
  return {
    name: 'entry-name',
    seeds: names.map(utf8),
    run(input) {
      const name = fromUtf8(input);
      const found = directory.find(name);
      if (found !== undefined && directory.find(found.dn)?.guid !== found.guid) {
        throw new Error('found under another name');
      }
      directory.find(name, { deleted: true });
      if (found === undefined) directory.get(name);
    },
    refuses: [DirectoryError],
  };
}

/** Values of every syntax, as an update or a filter brings them. The first octet is the syntax. */
function valueTarget({ schema }: Directory): FuzzTarget {
  const types = SYNTAX_SAMPLES.map(([name]) => name);
  return {
    name: 'attribute-value',
    seeds: SYNTAX_SAMPLES.map(([, text], index) => Uint8Array.from([index, ...utf8(text)])),
    run(input) {
      const name = types[(input[0] ?? 0) % types.length] ?? '';
      const { syntax } = schema.attribute(name) ?? { syntax: 'unicode' };
      const [value = ''] = inputValues(schema, name, [input.subarray(1)]);
      const kept = canonical(syntax, value);
      if (matchKey(syntax, canonical(syntax, kept)) !== matchKey(syntax, kept)) {
        throw new Error('not stable');
      }
      if (name === 'dSHeuristics' && typeof kept === 'string') parseHeuristics(kept);
    },
    refuses: [DirectoryError, LdapError],
  };
}

/** An attribute of each syntax, with a value (MS-ADTS 3.1.1.2.2.2). */
const SYNTAX_SAMPLES = [
  ['displayName', 'Müller'],
  ['dSHeuristics', '0000002001001'],
  ['member', 'CN=a,DC=contoso,DC=com'],
  ['wellKnownObjects', 'B:32:A9D1CA15768811D1ADED00C04FD8D5CD:CN=Users,DC=contoso,DC=com'],
  ['objectClass', '1.2.840.113556.1.5.9'],
  ['isDeleted', 'TRUE'],
  ['userAccountControl', '4294967295'],
  ['accountExpires', '9223372036854775807'],
  ['objectSid', 'S-1-5-32-544'],
  ['whenCreated', '20260101000000.0Z'],
  ['nTSecurityDescriptor', 'O:BA'],
  ['c', 'DE'],
  ['telephoneNumber', '+49'],
  ['dNSHostName', 'a.contoso.com'],
] as const;
