import { describe, expect, test } from 'vitest';
import type { BadSignature, PacSignature, SignatureFault } from '../src/facts.ts';
import { decideS4U2Proxy } from '../src/s4u2proxy.ts';
import { decideS4U2Self } from '../src/s4u2self.ts';
import {
  type ProxyChange,
  type SelfChange,
  kcdFacts,
  proxyFacts,
  rbcdFacts,
  selfFacts,
  serverC,
} from './scene.ts';

// The cases of Samba's python/samba/tests/krb5/s4u_tests.py, which are run against Windows too,
// re-told as facts: names, expected errors and NTSTATUS are theirs. Cases about the contents of
// the ticket that is issued have here the part that is decided; the KDC's tests have the rest.

const TA = 0x1000000;
const NO_AUTH_DATA = 0x2000000;
const list = { allowedToDelegateTo: ['test'] };
const SIGNATURES: readonly PacSignature[] = ['server', 'kdc', 'ticket'];

const self = (change: SelfChange) => decideS4U2Self(selfFacts(change));
const kcd = (change: ProxyChange) => decideS4U2Proxy(kcdFacts(change));
const rbcd = (change: ProxyChange) => decideS4U2Proxy(rbcdFacts(change));
const issued = { allowed: true };
const refused = (code: number, status?: string) => ({ allowed: false, refusal: { code, status } });

describe('test_s4u2self', () => {
  const rows: readonly (readonly [string, SelfChange, object])[] = [
    ['test_s4u2self', { request: { form: 'for-user' } }, issued],
    ['_hmac_md5_checksum', { request: { form: 'for-user', checksum: 'valid' } }, issued],
    ['_md5_unkeyed_checksum', { request: { form: 'for-user', checksum: 'unkeyed' } }, refused(50)],
    ['_sha1_unkeyed_checksum', { request: { form: 'for-user', checksum: 'unkeyed' } }, refused(50)],
    [
      '_crc32_unkeyed_checksum',
      { request: { form: 'for-user', checksum: 'unkeyed' } },
      refused(50),
    ],
    ['_forwardable', {}, { ...issued, forwardable: true }],
    ['_no_pac', { header: { pac: 'absent' } }, refused(20)],
    ['_without_forwardable', { request: { forwardable: false } }, { forwardable: false }],
    ['_not_forwardable', { header: { forwardable: false } }, { forwardable: false }],
    [
      '_client_not_delegated',
      { user: { userAccountControl: 0x100000 } },
      { ...issued, forwardable: false },
    ],
    ['_not_trusted_empty_allowed', {}, { ...issued, forwardable: true }],
    ['_not_trusted_nonempty_allowed', { middle: list }, { ...issued, forwardable: false }],
    [
      '_trusted_empty_allowed',
      { middle: { userAccountControl: TA } },
      { ...issued, forwardable: true },
    ],
    [
      '_trusted_nonempty_allowed',
      { middle: { ...list, userAccountControl: TA } },
      { ...issued, forwardable: true },
    ],
    ['_wrong_sname', { server: { sid: serverC } }, refused(36)],
    [
      '_no_auth_data_required (a PAC is issued all the same)',
      { middle: { userAccountControl: NO_AUTH_DATA } },
      issued,
    ],
    ['_asserted_identity', {}, { ...issued, issue: 'ticket' }],
  ];
  for (const [name, change, expected] of rows) {
    test(name, () => expect(self(change)).toMatchObject(expected));
  }
});

describe('test_constrained_delegation', () => {
  const NA_TARGET = { target: { userAccountControl: NO_AUTH_DATA } } as const;
  const rows: readonly (readonly [string, ProxyChange, object])[] = [
    ['test_constrained_delegation', {}, { ...issued, mode: 'kcd', pac: true }],
    ['_authtime', {}, issued],
    ['_with_enc_auth_data_subkey', {}, issued],
    ['_with_enc_auth_data_no_subkey', {}, issued],
    ['_authentication_asserted_identity', { evidence: { origin: 'kerberos' } }, issued],
    ['_service_asserted_identity', { evidence: { origin: 'protocol-transition' } }, issued],
    ['_no_auth_data_required', NA_TARGET, { ...issued, pac: false }],
    ['_existing_delegation_info', {}, issued],
    ['_not_allowed', { middle: { allowedToDelegateTo: [] } }, refused(13, 'STATUS_NOT_SUPPORTED')],
    ['_no_client_pac', { evidence: { pac: 'absent' } }, refused(41)],
    ['_no_service_pac', { header: { pac: 'absent' } }, refused(20)],
    [
      '_no_client_pac_no_auth_data_required',
      { ...NA_TARGET, evidence: { pac: 'absent' } },
      refused(41),
    ],
    [
      '_no_service_pac_no_auth_data_required',
      { ...NA_TARGET, header: { pac: 'absent' } },
      refused(20),
    ],
    [
      '_non_forwardable',
      { evidence: { forwardable: false } },
      refused(13, 'STATUS_ACCOUNT_RESTRICTION'),
    ],
    ['_pac_options_rbcd', { request: { rbcdBit: true } }, { ...issued, mode: 'kcd' }],
    ['_rodc_issued', { header: { rodc: 7 }, evidence: { rodc: 7 } }, issued],
  ];
  for (const [name, change, expected] of rows) {
    test(name, () => expect(kcd(change)).toMatchObject(expected));
  }
});

describe('test_rbcd', () => {
  const NA_TARGET = { userAccountControl: NO_AUTH_DATA } as const;
  const noClientPac: ProxyChange = { evidence: { pac: 'absent' } };
  const unlisted = { middle: { allowedToDelegateTo: ['host/test'] } } as const;
  const rows: readonly (readonly [string, ProxyChange, object])[] = [
    ['test_rbcd', {}, { ...issued, mode: 'rbcd', pac: true }],
    ['_no_auth_data_required', { target: NA_TARGET }, { ...issued, pac: false }],
    ['_existing_delegation_info', {}, issued],
    ['_no_client_pac_a', noClientPac, refused(41, 'STATUS_NOT_SUPPORTED')],
    ['_no_client_pac_b', { ...noClientPac, ...unlisted }, refused(41, 'STATUS_NO_MATCH')],
    ['_no_service_pac', { header: { pac: 'absent' } }, refused(20)],
    [
      '_no_client_pac_no_auth_data_required_a',
      { ...noClientPac, target: NA_TARGET },
      refused(41, 'STATUS_NOT_SUPPORTED'),
    ],
    [
      '_no_client_pac_no_auth_data_required_b',
      { ...noClientPac, ...unlisted, target: NA_TARGET },
      refused(41, 'STATUS_NO_MATCH'),
    ],
    [
      '_no_service_pac_no_auth_data_required',
      { header: { pac: 'absent' }, target: NA_TARGET },
      refused(20),
    ],
    [
      '_non_forwardable',
      { evidence: { forwardable: false } },
      refused(13, 'STATUS_ACCOUNT_RESTRICTION'),
    ],
    ['_no_pac_options_a', { request: { rbcdBit: false } }, refused(13, 'STATUS_NOT_SUPPORTED')],
    [
      '_no_pac_options_b',
      { ...unlisted, request: { rbcdBit: false } },
      refused(13, 'STATUS_NO_MATCH'),
    ],
    ['_rodc_issued', { header: { rodc: 7 }, evidence: { rodc: 7 } }, issued],
  ];
  for (const [name, change, expected] of rows) {
    test(name, () => expect(rbcd(change)).toMatchObject(expected));
  }

  test('_not_allowed', () => {
    expect(decideS4U2Proxy(proxyFacts())).toMatchObject(refused(13, 'STATUS_NOT_FOUND'));
  });
});

// The matrix of _missing_, _zeroed_, _unkeyed_ and _rc4_ client and service checksums. Windows
// sends e-data with the status of the middle's list when evidence is refused in an RBCD request,
// and none in a KCD request.
describe('the signature matrix', () => {
  const MATRIX: readonly (readonly [string, SignatureFault, Record<PacSignature, number>])[] = [
    ['_missing', 'absent', { server: 60, kdc: 60, full: 60, ticket: 41 }],
    ['_zeroed', 'invalid', { server: 41, kdc: 41, full: 41, ticket: 41 }],
    ['_unkeyed', 'unkeyed', { server: 60, kdc: 60, full: 60, ticket: 60 }],
    ['_unkeyed (SHA-1)', 'unsupported', { server: 15, kdc: 60, full: 60, ticket: 60 }],
    ['_rc4', 'unkeyed', { server: 60, kdc: 60, full: 60, ticket: 60 }],
  ];
  for (const [name, fault, codes] of MATRIX) {
    test.each(SIGNATURES)(`${name}_client_checksum, %s`, (signature) => {
      const pac: BadSignature = { signature, fault };
      const code = codes[signature];
      expect(kcd({ evidence: { pac } })).toMatchObject(refused(code));
      expect(rbcd({ evidence: { pac } })).toMatchObject(refused(code, 'STATUS_NOT_SUPPORTED'));
    });
  }

  test.each(['kdc', 'ticket', 'full'] as const)('_zeroed_service_checksum, %s', (signature) => {
    const change: ProxyChange = { header: { pac: { signature, fault: 'invalid' } } };
    expect(kcd(change)).toMatchObject(issued);
    expect(rbcd(change)).toMatchObject(issued);
  });

  test('_missing_service_checksum, kdc', () => {
    const change: ProxyChange = { header: { pac: { signature: 'kdc', fault: 'absent' } } };
    expect(kcd(change)).toMatchObject(refused(60, 'STATUS_INSUFFICIENT_RESOURCES'));
  });

  test.each([
    ['_missing', 'absent', 60, 'STATUS_INSUFFICIENT_RESOURCES'],
    ['_zeroed', 'invalid', 41, 'STATUS_WRONG_PASSWORD'],
    ['_unkeyed', 'unkeyed', 60, 'STATUS_INSUFFICIENT_RESOURCES'],
    ['_unkeyed (SHA-1)', 'unsupported', 15, 'STATUS_LOGON_FAILURE'],
  ] as const)('%s_service_checksum, server', (_, fault, code, status) => {
    const change: ProxyChange = { header: { pac: { signature: 'server', fault } } };
    expect(kcd(change)).toMatchObject(refused(code, status));
    expect(rbcd(change)).toMatchObject(refused(code, status));
  });
});

// CVE-2020-17049: the flag is flipped in the ticket, the ticket signature is not made anew.
describe('test_bronze_bit', () => {
  const flipped: ProxyChange = {
    evidence: { forwardable: true, pac: { signature: 'ticket', fault: 'invalid' } },
  };

  test('_constrained_delegation_old_checksum', () => {
    expect(kcd(flipped)).toMatchObject(refused(41));
  });

  test('_rbcd_old_checksum', () => {
    expect(rbcd(flipped)).toMatchObject(refused(41, 'STATUS_NOT_SUPPORTED'));
  });
});

// The single-realm cases of Microsoft's WindowsProtocolTestSuites for MS-SFU, each two requests.
describe('MS-SFU test suite', () => {
  const transition = (middle: ProxyChange['middle'], grant: boolean, rbcdBit: boolean) => {
    const first = decideS4U2Self(selfFacts(middle === undefined ? {} : { middle }));
    const forwardable = first.allowed && first.forwardable;
    const facts = grant ? rbcdFacts : proxyFacts;
    return decideS4U2Proxy(
      facts({
        ...(middle === undefined ? {} : { middle }),
        request: { rbcdBit },
        evidence: { origin: 'protocol-transition', forwardable },
      }),
    );
  };
  const listed = { allowedToDelegateTo: ['cifs/serverc.contoso.com'] };
  const other = { allowedToDelegateTo: ['cifs/serverd.contoso.com'] };

  test('BVT_SingleRealm_S4U2Self_UsingUserName', () => {
    const expected = { ...issued, forwardable: true };
    expect(self({ middle: { userAccountControl: TA } })).toMatchObject(expected);
  });

  test('BVT_SingleRealm_S4U2Self_ResourceBased_UsingUserName', () => {
    expect(self({})).toMatchObject(issued);
  });

  test('SingleRealm_S4U2Self_Restricted_UsingUserName', () => {
    expect(self({ middle: listed })).toMatchObject({ ...issued, forwardable: false });
  });

  test('BVT_SingleRealm_S4U2Proxy_UsingUserName', () => {
    const decision = transition({ ...listed, userAccountControl: TA }, false, false);
    expect(decision).toMatchObject({ ...issued, mode: 'kcd' });
  });

  test('BVT_SingleRealm_S4U2Proxy_ResourceBased_UsingUserName', () => {
    expect(transition(undefined, true, true)).toMatchObject({ ...issued, mode: 'rbcd' });
  });

  test('Negative_ResourceBased_FlagNotSet', () => {
    const expected = refused(13, 'STATUS_ACCOUNT_RESTRICTION');
    expect(rbcd({ evidence: { forwardable: false } })).toMatchObject(expected);
  });

  test('Negative_Restricted', () => {
    const expected = refused(13, 'STATUS_NO_MATCH');
    expect(transition({ ...other, userAccountControl: TA }, false, false)).toMatchObject(expected);
  });

  test('Negative_ResourceBased_Restricted', () => {
    const expected = refused(13, 'STATUS_ACCOUNT_RESTRICTION');
    expect(transition(other, true, true)).toMatchObject(expected);
  });
});
