import { createCldap } from '@doublehop/domain-controller/cldap/cldap';
import { readPing } from '@doublehop/domain-controller/netlogon/ping-filter';
import {
  decodeNetlogonResponse,
  encodeNetlogonResponse,
} from '@doublehop/security/netlogon/response';
import {
  decodeAuthenticate,
  decodeNegotiate,
  decodeNtlmV2Response,
} from '@doublehop/domain-controller/ntlm/messages';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { decodeMessage, encodeMessage } from '@doublehop/ldap/messages/message';
import { parseGuid } from '@doublehop/security/guid';
import { fromHex } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import type { FuzzTarget } from '../targets.ts';

/** A ping for contoso.com (MS-ADTS 6.3.3). */
const PING = encodeMessage({
  messageId: 1,
  operation: {
    kind: 'searchRequest',
    value: {
      baseObject: '',
      scope: 'base',
      derefAliases: 'never',
      sizeLimit: 0,
      timeLimit: 0,
      typesOnly: false,
      filter: parseFilter(
        '(&(DnsDomain=contoso.com)(User=x)(AAC=\\80\\00)(NtVer=\\06\\00\\00\\00))',
      ),
      attributes: ['netlogon'],
    },
  },
});

const NAMES = {
  opcode: 23,
  flags: 0x1d,
  domainGuid: parseGuid('ca21b03b-6dd3-11d1-8a7d-b8dfb156871f'),
  dnsForestName: 'contoso.com',
  dnsDomainName: 'contoso.com',
  dnsHostName: 'dc.contoso.com',
  userName: 'alice',
};
const UNICODE = { opcode: 19, logonServer: '\\\\DC', userName: 'alice', domainName: 'CONTOSO' };
const SITES = { dcSiteName: 'Site', clientSiteName: 'Site' };
const NETBIOS = { netbiosDomainName: 'CONTOSO', netbiosComputerName: 'DC' };

/** Answers in the three forms of MS-ADTS 6.3.1.7 to 6.3.1.9. */
const ANSWERS = [
  encodeNetlogonResponse({ kind: 'nt40', ...UNICODE }),
  encodeNetlogonResponse({ kind: 'v5', ...NAMES, ...UNICODE, address: '192.0.2.7' }),
  encodeNetlogonResponse({ kind: 'v5ex', ...NAMES, ...NETBIOS, ...SITES }),
  encodeNetlogonResponse({ kind: 'v5ex', ...NAMES, ...NETBIOS, ...SITES, address: '192.0.2.7' }),
];

/** AUTHENTICATE_MESSAGE of MS-NLMP 4.2.4.3 as far as its response. */
const AUTHENTICATE = fromHex(
  '4e544c4d5353500003000000 000000006c000000 3000300058000000 0000000058000000 0200020086000000' +
    '0000000058000000 0000000058000000 358288e2 0501280a0000000f' +
    `${'00'.repeat(16)} ${'11'.repeat(16)} 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa` +
    '00000000 00000000 6100',
);

/** NEGOTIATE_MESSAGE (MS-NLMP 2.2.1.1). */
const NEGOTIATE = fromHex(`4e544c4d53535000 01000000 b7820862 ${'00'.repeat(24)}`);

/** What comes before anybody is known: pings, and the messages of NTLM. */
export function wireServiceTargets(): readonly FuzzTarget[] {
  return [cldap(), ping(), netlogonResponse(), ntlm()];
}

function cldap(): FuzzTarget {
  const handler = createCldap({
    rootDse: ({ filter }) => {
      readPing(filter);
      return { kind: 'entry', dn: '', attributes: [{ type: 'Netlogon', values: ['x'] }] };
    },
    address: '127.0.0.1',
    clock: () => 0,
    onDefect(error) {
      throw error;
    },
  });
  const peer = { address: '127.0.0.1', port: 1, transport: 'udp' } as const;
  return {
    name: 'cldap',
    seeds: [PING],
    run: (input) => void handler.handle(input, peer),
    refuses: [],
  };
}

function ping(): FuzzTarget {
  return {
    name: 'netlogon-ping',
    seeds: [PING],
    run(input) {
      const { operation } = decodeMessage(input);
      if (operation.kind === 'searchRequest') readPing(operation.value.filter);
    },
    refuses: [WireError],
  };
}

function netlogonResponse(): FuzzTarget {
  return {
    name: 'netlogon-response',
    seeds: ANSWERS,
    run(input) {
      const response = decodeNetlogonResponse(input);
      encodeNetlogonResponse(response);
    },
    refuses: [WireError],
  };
}

function ntlm(): FuzzTarget {
  return {
    name: 'ntlm-messages',
    seeds: [AUTHENTICATE, NEGOTIATE],
    run(input) {
      if (input[8] === 1) decodeNegotiate(input);
      else decodeNtlmV2Response(decodeAuthenticate(input).ntResponse);
    },
    refuses: [WireError],
  };
}
