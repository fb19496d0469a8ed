import { fromHex } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import {
  accessCheck,
  type AccessReason,
  type AceOutcome,
  type Token,
} from '../src/access-check.ts';
import { Right } from '../src/access-mask.ts';
import { decodeDescriptor, encodeDescriptor } from '../src/descriptor.ts';
import { SecurityError } from '../src/errors.ts';
import { parseSddl } from '../src/sddl.ts';
import type { Sid } from '../src/sid.ts';

const DOMAIN = 'S-1-5-21-1-2-3';
const SERVERB: Sid = `${DOMAIN}-1104`;
const GROUP: Sid = `${DOMAIN}-1200`;
const ATTRIBUTE = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';

/** What the KDC makes of ServerB's own ticket. */
const token: Token = {
  sids: new Set<Sid>([SERVERB, GROUP, `${DOMAIN}-515`, 'S-1-1-0', 'S-1-5-11']),
};

/** The check a KDC makes: the descriptor as stored, ServerB's token, CONTROL_ACCESS. */
function check(sddl: string): ReturnType<typeof accessCheck> {
  const text = sddl.replaceAll('%B', SERVERB).replaceAll('%G', GROUP);
  const bytes = encodeDescriptor(parseSddl(text, { domain: DOMAIN, aclRevision: 4 }));
  return accessCheck(decodeDescriptor(bytes), token, Right.controlAccess);
}

describe('MS-SFU 3.2.5.2.3: what a KDC accepts as a grant', () => {
  const rows: readonly [string, string, AccessReason, number | undefined][] = [
    // What was measured on a Samba domain controller (4.22), one line for each.
    ['no ACE at all', 'O:BAD:', 'empty-dacl', undefined],
    ['no DACL', 'O:BA', 'no-dacl', undefined],
    ['owner is the middle, no ACE', 'O:%BD:', 'empty-dacl', undefined],
    ['owner is the middle, no DACL', 'O:%B', 'no-dacl', undefined],
    ['full control', 'O:BAD:(A;;0xf01ff;;;%B)', 'allowed-by-ace', 0],
    ['control access alone', 'O:BAD:(A;;0x100;;;%B)', 'allowed-by-ace', 0],
    ['everything Metasploit writes', 'O:BAD:(A;;0xf31fffff;;;%B)', 'allowed-by-ace', 0],
    ['GENERIC_ALL only', 'O:BAD:(A;;GA;;;%B)', 'not-granted', undefined],
    ['GENERIC_WRITE only', 'O:BAD:(A;;GW;;;%B)', 'not-granted', undefined],
    ['write property only', 'O:BAD:(A;;WP;;;%B)', 'not-granted', undefined],
    ['read property only', 'O:BAD:(A;;RP;;;%B)', 'not-granted', undefined],
    ['Everyone', 'O:BAD:(A;;CR;;;WD)', 'allowed-by-ace', 0],
    ['Authenticated Users', 'O:BAD:(A;;CR;;;AU)', 'allowed-by-ace', 0],
    ['Domain Computers', 'O:BAD:(A;;CR;;;DC)', 'allowed-by-ace', 0],
    ['a group of the middle', 'O:BAD:(A;;0xf01ff;;;%G)', 'allowed-by-ace', 0],
    ['another account', `O:BAD:(A;;CR;;;${DOMAIN}-9999)`, 'not-granted', undefined],
    ['NETWORK is not in the token', 'O:BAD:(A;;CR;;;NU)', 'not-granted', undefined],
    ['deny before allow', 'O:BAD:(D;;CR;;;%B)(A;;CR;;;%B)', 'denied-by-ace', 0],
    ['allow before deny: first match wins', 'O:BAD:(A;;CR;;;%B)(D;;CR;;;%B)', 'allowed-by-ace', 0],
    ['deny to a group', 'O:BAD:(D;;CR;;;%G)(A;;CR;;;%B)', 'denied-by-ace', 0],
    ['deny of another right', 'O:BAD:(D;;WP;;;%B)(A;;CR;;;%B)', 'allowed-by-ace', 1],
    ['object ACE with the attribute', `O:BAD:(OA;;CR;${ATTRIBUTE};;%B)`, 'not-granted', undefined],
    ['object ACE without a GUID', 'O:BAD:(OA;;CR;;;%B)', 'not-granted', undefined],
    ['object deny is passed over too', 'O:BAD:(OD;;CR;;;%B)(A;;CR;;;%B)', 'allowed-by-ace', 1],
    ['inherit-only', 'O:BAD:(A;CIIO;CR;;;%B)', 'not-granted', undefined],
    ['inherit-only deny', 'O:BAD:(D;CIIO;CR;;;%B)(A;;CR;;;%B)', 'allowed-by-ace', 1],
    ['container inherit', 'O:BAD:(A;CI;CR;;;%B)', 'allowed-by-ace', 0],
    ['inherited', 'O:BAD:(A;ID;CR;;;%B)', 'allowed-by-ace', 0],
    ['SELF', 'O:BAD:(A;;CR;;;PS)', 'not-granted', undefined],
    ['OWNER RIGHTS', 'O:%BD:(A;;CR;;;OW)', 'not-granted', undefined],
    ['condition that holds', 'O:BAD:(XA;;CR;;;%B;(Member_of {SID(%G)}))', 'allowed-by-ace', 0],
    [
      'condition that does not',
      'O:BAD:(XA;;CR;;;%B;(Member_of {SID(SY)}))',
      'not-granted',
      undefined,
    ],
    [
      'condition on an absent claim',
      'O:BAD:(XA;;CR;;;%B;(@User.x == 1))',
      'not-granted',
      undefined,
    ],
    [
      'deny on an absent claim denies (MS-DTYP 2.4.4.17.3)',
      'O:BAD:(XD;;CR;;;%B;(@User.x == 1))(A;;CR;;;%B)',
      'denied-by-ace',
      0,
    ],
    [
      'deny whose condition does not hold',
      'O:BAD:(XD;;CR;;;%B;(Member_of {SID(SY)}))(A;;CR;;;%B)',
      'allowed-by-ace',
      1,
    ],
    ['no owner', 'D:(A;;CR;;;%B)', 'allowed-by-ace', 0],
    ['NULL DACL: everybody', 'O:BAD:NO_ACCESS_CONTROL', 'null-dacl', undefined],
    ['audit ACE in the DACL', 'O:BAD:(AU;SA;CR;;;%B)', 'not-granted', undefined],
  ];
  for (const [name, sddl, reason, index] of rows) {
    test(`${name}: ${reason}`, () => {
      const result = check(sddl);
      expect(result.reason).toBe(reason);
      expect(result.decidedBy?.index).toBe(index);
      expect(result.granted).toBe(reason === 'allowed-by-ace' || reason === 'null-dacl');
    });
  }

  test('bytes that are no descriptor are refused before the check', () => {
    expect(() => decodeDescriptor(fromHex('00112233'))).toThrow(SecurityError);
  });

  test('an ACE of an unknown type neither grants nor denies', () => {
    const bytes = encodeDescriptor(parseSddl(`D:(A;;CR;;;${SERVERB})(A;;CR;;;${SERVERB})`));
    bytes[28] = 0x15;
    const result = accessCheck(decodeDescriptor(bytes), token, Right.controlAccess);
    expect(result).toMatchObject({ granted: true, decidedBy: { index: 1 } });
  });

  test('the deciding ACE is handed back', () => {
    const { decidedBy } = check('O:BAD:(A;;WP;;;%B)(A;;CR;;;%G)');
    expect(decidedBy).toMatchObject({ index: 1, ace: { mask: 0x100, sid: GROUP } });
  });

  test('rights may come from several ACEs; the last one decides', () => {
    const sd = parseSddl(`D:(A;;RP;;;${GROUP})(A;;WP;;;${SERVERB})(D;;RP;;;WD)`);
    expect(accessCheck(sd, token, 0x30)).toMatchObject({ granted: true, decidedBy: { index: 1 } });
    expect(accessCheck(sd, token, 0x31)).toMatchObject({ granted: false, reason: 'not-granted' });
  });

  test('the highest bit is a right like the others', () => {
    const sd = parseSddl(`D:(A;;GR;;;${SERVERB})`);
    expect(accessCheck(sd, token, 0x8000_0000)).toMatchObject({ granted: true });
    expect(() => accessCheck(sd, token, 0)).toThrow(RangeError);
    expect(() => accessCheck(sd, token, -1)).toThrow(RangeError);
  });

  test('the trace tells what became of each ACE', () => {
    const aces = [
      `(A;CIIO;CR;;;${SERVERB})`,
      `(OA;;CR;;;${SERVERB})`,
      `(AU;SA;CR;;;${SERVERB})`,
      `(A;;CR;;;SY)`,
      `(A;;GA;;;${SERVERB})`,
      `(XA;;CR;;;${SERVERB};(Member_of {SID(SY)}))`,
      `(XA;;CR;;;${SERVERB};(@User.x == 1))`,
      `(A;;CR;;;${SERVERB})`,
      `(D;;CR;;;${SERVERB})`,
    ];
    const outcomes: AceOutcome[] = [];
    accessCheck(parseSddl(`D:${aces.join('')}`), token, Right.controlAccess, {
      trace: (_index, _ace, outcome) => outcomes.push(outcome),
    });
    expect(outcomes).toEqual([
      'inherit-only',
      'object-type',
      'not-access-control',
      'other-trustee',
      'other-rights',
      'condition-false',
      'condition-unknown',
      'granted',
    ]);
  });
});

describe('MS-DTYP 2.5.3.2: claims and devices', () => {
  const sd = parseSddl(
    `D:(XA;;CR;;;${SERVERB};(Device_Member_of {SID(${GROUP})} && @User.tier == 1))`,
  );

  test('both are asked for', () => {
    const claims = new Map([['tier', { type: 'integer', values: [1n] } as const]]);
    const device = { sids: new Set<Sid>([GROUP]) };
    expect(accessCheck(sd, { ...token, claims, device }, 0x100).granted).toBe(true);
    expect(accessCheck(sd, { ...token, claims }, 0x100).granted).toBe(false);
    expect(accessCheck(sd, { ...token, device }, 0x100).granted).toBe(false);
  });

  test('resource attributes come from the SACL', () => {
    const sddl = (level: number): string =>
      `D:(XA;;CR;;;${SERVERB};(@Resource.level == 2))S:(RA;;;;;WD;("level",TI,0x0,${level}))`;
    expect(accessCheck(parseSddl(sddl(2)), token, 0x100).granted).toBe(true);
    expect(accessCheck(parseSddl(sddl(3)), token, 0x100).granted).toBe(false);
  });
});

describe('MS-ADTS 5.1.3.3: what a directory asks in addition', () => {
  const PROPERTY_SET = '4c164200-20c0-11d0-a768-00aa006e0529';
  const objectTypes = new Set([ATTRIBUTE, PROPERTY_SET] as const);

  const rows: readonly [string, string, boolean][] = [
    ['the attribute', `D:(OA;;WP;${ATTRIBUTE};;${SERVERB})`, true],
    ['its property set', `D:(OA;;WP;${PROPERTY_SET};;${SERVERB})`, true],
    ['no object', `D:(OA;;WP;;;${SERVERB})`, true],
    ['another attribute', `D:(OA;;WP;${ATTRIBUTE.replace('3f', '00')};;${SERVERB})`, false],
    ['deny on the property set first', `D:(OD;;WP;${PROPERTY_SET};;WD)(A;;WP;;;${SERVERB})`, false],
  ];
  for (const [name, sddl, granted] of rows) {
    test(`object ACE that names ${name}`, () => {
      expect(accessCheck(parseSddl(sddl), token, 0x20, { objectTypes }).granted).toBe(granted);
    });
  }

  test('SELF is the object when the option says who that is', () => {
    const sd = parseSddl('D:(A;;WP;;;PS)');
    expect(accessCheck(sd, token, 0x20, { self: SERVERB }).granted).toBe(true);
    expect(accessCheck(sd, token, 0x20, { self: 'S-1-5-18' }).granted).toBe(false);
  });

  test('the owner may read and write the DACL, unless OWNER RIGHTS says otherwise', () => {
    const options = { ownerRights: true };
    const owned = parseSddl(`O:${SERVERB}D:`);
    expect(accessCheck(owned, token, 0x4_0000, options).reason).toBe('allowed-as-owner');
    expect(accessCheck(owned, token, 0x4_0000).reason).toBe('empty-dacl');
    expect(accessCheck(owned, token, 0x8_0000, options).granted).toBe(false);
    const limited = parseSddl(`O:${SERVERB}D:(A;;RC;;;OW)`);
    expect(accessCheck(limited, token, 0x4_0000, options).granted).toBe(false);
    expect(accessCheck(limited, token, 0x2_0000, options).granted).toBe(true);
  });
});
