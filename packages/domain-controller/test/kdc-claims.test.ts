import { claimsOfSet, decodeClaimsInfo } from '@doublehop/security/pac/claims-info';
import { decodeDeviceInfo, deviceSids } from '@doublehop/security/pac/device-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { type Pac, pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ClaimsDomain, descriptor } from './support/claims-domain.ts';
import { refusal } from './support/realm.ts';

const MIDDLE_SPN = 'HOST/serverb.contoso.com';
const TARGET_SPN = 'HOST/serverc.contoso.com';
const DEPARTMENT = 'ad://ext/department:88d06c2a';
const COMPOUND = { 'msDS-SupportedEncryptionTypes': String(0x2_0000 | 0x1c) };
const ACT = 'msDS-AllowedToActOnBehalfOfOtherIdentity';

let domain: ClaimsDomain;
beforeAll(async () => {
  domain = await ClaimsDomain.start();
  await domain.addClaimType(DEPARTMENT, {
    'msDS-ClaimAttributeSource': domain.attributeDn('Department'),
    'msDS-ClaimValueType': '3',
  });
  await domain.addClaimType('ad://ext/objectClass:1', {
    'msDS-ClaimAttributeSource': domain.attributeDn('Object-Class'),
    'msDS-ClaimValueType': '2',
    'msDS-ClaimTypeAppliesToClass': [domain.attributeDn('Computer')],
  });
  await domain.addClaimType('ad://ext/off:1', {
    Enabled: 'FALSE',
    'msDS-ClaimAttributeSource': domain.attributeDn('Department'),
    'msDS-ClaimValueType': '3',
  });
  await domain.addClaimType('ad://ext/misfit:1', {
    'msDS-ClaimAttributeSource': domain.attributeDn('Department'),
    'msDS-ClaimValueType': '1',
  });
  await domain.set('alice', { department: 'Finance' });
});
afterAll(() => domain.close());
afterEach(() => {
  expect(domain.defects).toEqual([]);
});

function claims(pac: Pac, type: number = PacType.clientClaims) {
  const data = pacBuffer(pac, type);
  return data === undefined ? undefined : Object.fromEntries(claimsOfSet(decodeClaimsInfo(data)));
}

function extraSids(pac: Pac): string[] {
  const data = pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array();
  return decodeLogonInfo(data).extraSids.map(({ sid }) => sid);
}

describe('MS-ADTS 3.1.1.11.2 claims', () => {
  test('a user has those of enabled claim types that fit, in TGT and service ticket', async () => {
    const tgt = await domain.login('alice');
    const expected = { [DEPARTMENT]: { type: 'string', values: ['Finance'] } };
    expect(claims(domain.pac(tgt, 'krbtgt'))).toEqual(expected);
    const ticket = await domain.ticket(tgt, MIDDLE_SPN);
    expect(claims(domain.pac(ticket, 'SERVERB'))).toEqual(expected);
    expect(extraSids(domain.pac(ticket, 'SERVERB'))).toEqual(['S-1-5-21-0-0-0-497', 'S-1-18-1']);
  });

  test('classes of an account as numbers, the most special first (MS-DRSR 5.14)', async () => {
    const pac = domain.pac(await domain.login('SERVERB'), 'krbtgt');
    expect(claims(pac)).toEqual({
      'ad://ext/objectclass:1': {
        type: 'unsigned',
        values: [0x3001en, 0xa0009n, 0x10007n, 0x10006n, 0x10000n],
      },
    });
  });

  test('a change of the account or of a claim type shows at once', async () => {
    await domain.set('alice', { department: 'Sales' });
    const before = domain.pac(await domain.login('alice'), 'krbtgt');
    expect(claims(before)?.[DEPARTMENT]).toEqual({ type: 'string', values: ['Sales'] });
    await domain.set('alice', { department: 'Finance' });
    const after = domain.pac(await domain.login('alice'), 'krbtgt');
    expect(claims(after)?.[DEPARTMENT]).toEqual({ type: 'string', values: ['Finance'] });
  });
});

describe('MS-KILE 3.3.5.7.4 compound identity', () => {
  test('a service that supports it gets the device of the armor', async () => {
    await domain.set('SERVERC', COMPOUND);
    const device = await domain.login('SERVERB');
    const ticket = await domain.ticket(await domain.login('alice'), TARGET_SPN, device);
    const pac = domain.pac(ticket, 'SERVERC');
    expect(extraSids(pac)).toContain('S-1-5-21-0-0-0-496');
    expect(claims(pac)?.[DEPARTMENT]?.values).toEqual(['Finance']);
    expect(Object.keys(claims(pac, PacType.deviceClaims) ?? {})).toEqual([
      'ad://ext/objectclass:1',
    ]);
    const info = decodeDeviceInfo(pacBuffer(pac, PacType.deviceInfo) ?? new Uint8Array());
    expect(deviceSids(info)).toContain(domain.sid('SERVERB$'));
    expect(info.domainGroups).toEqual([
      { domain: 'S-1-5-21-0-0-0', groups: [{ rid: 497, attributes: 7 }] },
    ]);
  });

  test('others do not, nor does anybody without armor of its own', async () => {
    await domain.set('SERVERC', COMPOUND);
    const tgt = await domain.login('alice');
    const device = await domain.login('SERVERC');
    const other = domain.pac(await domain.ticket(tgt, MIDDLE_SPN, device), 'SERVERB');
    expect(pacBuffer(other, PacType.deviceInfo)).toBeUndefined();
    const plain = domain.pac(await domain.ticket(tgt, TARGET_SPN), 'SERVERC');
    expect(pacBuffer(plain, PacType.deviceInfo)).toBeUndefined();
    expect(extraSids(plain)).not.toContain('S-1-5-21-0-0-0-496');
  });
});

describe('MS-SFU 3.2.5.2.3 conditional ACEs of a grant', () => {
  const device = '(XA;;CR;;;WD;(Device_Member_of {SID(AU)}))';

  test('the groups of the device count, if the request is armored', async () => {
    await domain.set('SERVERC', { [ACT]: descriptor(`O:SYD:${device}`) });
    const tgt = await domain.login('SERVERB');
    const evidence = await domain.ticket(await domain.login('alice'), MIDDLE_SPN);
    expect(await refusal(domain.hop(tgt, evidence))).toMatchObject({
      error: 'KDC_ERR_BADOPTION',
      reason: 'rbcd-not-listed',
      status: 'STATUS_UNSUCCESSFUL',
    });
    const armor = await domain.login('SERVERC');
    expect((await domain.hop(tgt, evidence, armor)).client.name.nameString).toEqual(['alice']);
  });

  test('claims of the middle count, not those of the user', async () => {
    const sddl = `O:SYD:(XA;;CR;;;WD;(@User.${DEPARTMENT} == "Ops"))`;
    await domain.set('SERVERC', { [ACT]: descriptor(sddl) });
    const evidence = await domain.ticket(await domain.login('alice'), MIDDLE_SPN);
    const before = await refusal(domain.hop(await domain.login('SERVERB'), evidence));
    expect(before).toMatchObject({ reason: 'rbcd-not-listed' });
    await domain.set('SERVERB', { department: 'Ops' });
    const hopped = await domain.hop(await domain.login('SERVERB'), evidence);
    expect(hopped.server.name.nameString).toEqual(['HOST', 'serverc.contoso.com']);
    await domain.set('SERVERB', { department: [] });
  });
});

describe('MS-KILE 3.3.5.5 authentication policies', () => {
  test('AllowedToAuthenticateTo of the target, asked about the middle in a hop', async () => {
    const only = (sid: string) => descriptor(`O:SYD:(A;;CR;;;${sid})`);
    const policy = await domain.addPolicy('OnlyAlice', {
      'msDS-ComputerAllowedToAuthenticateTo': only(domain.sid('alice')),
    });
    await domain.set('SERVERC', {
      'msDS-AssignedAuthNPolicy': policy,
      [ACT]: descriptor('O:SYD:(A;;CR;;;WD)'),
    });
    const alice = await domain.login('alice');
    expect((await domain.ticket(alice, TARGET_SPN)).server.name.nameString[0]).toBe('HOST');
    const refused = {
      error: 'KDC_ERR_POLICY',
      reason: 'target-authentication-policy',
      status: 'STATUS_AUTHENTICATION_FIREWALL_FAILED',
    };
    expect(await refusal(domain.ticket(await domain.login('bob'), TARGET_SPN))).toEqual(refused);
    const evidence = await domain.ticket(alice, MIDDLE_SPN);
    expect(await refusal(domain.hop(await domain.login('SERVERB'), evidence))).toEqual(refused);
    const self = await domain.ticket(await domain.login('SERVERC'), TARGET_SPN);
    expect(self.client.name.nameString).toEqual(['SERVERC$']);
    await domain.set('SERVERC', { 'msDS-AssignedAuthNPolicy': [] });
    expect((await domain.ticket(await domain.login('bob'), TARGET_SPN)).flags).toBeGreaterThan(0);
  });

  test('AllowedToAuthenticateFrom: the device must be known and admitted', async () => {
    const policy = await domain.addPolicy('OnlyC', {
      'msDS-UserAllowedToAuthenticateFrom': descriptor(`O:SYD:(A;;CR;;;${domain.sid('SERVERC$')})`),
      'msDS-UserTGTLifetime': String(120 * 10_000_000),
    });
    await domain.set('alice', { 'msDS-AssignedAuthNPolicy': policy });
    expect(await refusal(domain.login('alice'))).toEqual({
      error: 'KDC_ERR_POLICY',
      reason: 'client-device-unknown',
      status: 'STATUS_INVALID_WORKSTATION',
    });
    const wrong = await domain.login('SERVERB');
    expect(await refusal(domain.login('alice', { armor: wrong }))).toMatchObject({
      error: 'KDC_ERR_POLICY',
      reason: 'client-device-policy',
      status: undefined,
    });
    // Inside of armor nothing but the event tells it.
    const NtStatus = 'STATUS_INVALID_WORKSTATION';
    expect(domain.audit.at(-1)).toMatchObject({ NtStatus, PolicyAudited: '-' });
    const tgt = await domain.login('alice', { armor: await domain.login('SERVERC') });
    expect(tgt.times.endtime - tgt.times.authtime).toBe(120);
    await domain.set('alice', { 'msDS-AssignedAuthNPolicy': [] });
  });

  test('a policy that is not enforced refuses nobody', async () => {
    const policy = await domain.addPolicy('Audited', {
      'msDS-AuthNPolicyEnforced': 'FALSE',
      'msDS-UserAllowedToAuthenticateFrom': descriptor('O:SYD:'),
      'msDS-UserTGTLifetime': String(60 * 10_000_000),
    });
    await domain.set('alice', { 'msDS-AssignedAuthNPolicy': policy });
    const tgt = await domain.login('alice');
    expect(tgt.times.endtime - tgt.times.authtime).toBeGreaterThan(60);
    expect(domain.audit.at(-1)).toMatchObject({
      Status: '0x0',
      PolicyAudited: 'client-device-unknown',
    });
    await domain.set('alice', { 'msDS-AssignedAuthNPolicy': [] });
  });

  test('a silo gives its members a policy and a claim, if both name each other', async () => {
    const policy = await domain.addPolicy('Tier0', {
      'msDS-AuthNPolicyEnforced': 'FALSE',
      'msDS-UserTGTLifetime': String(240 * 10_000_000),
    });
    const silo = await domain.addSilo('Tier 0', {
      'msDS-AuthNPolicySiloEnforced': 'TRUE',
      'msDS-UserAuthNPolicy': policy,
    });
    await domain.set('alice', { 'msDS-AssignedAuthNPolicySilo': silo });
    expect(claims(domain.pac(await domain.login('alice'), 'krbtgt'))).not.toHaveProperty([
      'ad://ext/authenticationsilo',
    ]);
    await domain.join(silo);
    const tgt = await domain.login('alice');
    expect(tgt.times.endtime - tgt.times.authtime).toBe(240);
    expect(claims(domain.pac(tgt, 'krbtgt'))).toHaveProperty(['ad://ext/authenticationsilo'], {
      type: 'string',
      values: ['Tier 0'],
    });
  });
});
