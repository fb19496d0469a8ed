import { AceFlag, AceType, buildAce } from '@doublehop/security/ace';
import {
  type SecurityDescriptor,
  decodeDescriptor,
  encodeDescriptor,
} from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import { describe, expect, test } from 'vitest';
import { addGrant, listGrants, removeGrant, setGrants } from '../src/grants.ts';
import { listing, serverB, serverB2, serverC, withAces } from './scene.ts';

// The 80 bytes that samba-tool, impacket and the PowerView recipe write for one principal of a
// domain: self-relative, owner Administrators, DACL of revision 4, full control.
const FIRST_GRANT = [
  '0100048014000000000000000000000024000000', // header: owner at 20, DACL at 36
  '01020000000000052000000020020000', // S-1-5-32-544
  '04002c0001000000', // revision 4, 44 bytes, one ACE
  '00002400ff010f00', // allowed, 36 bytes, 0xF01FF
  '010500000000000515000000dcf4dc3b833d2b46828ba62851040000', // serverB
].join('');

const hex = (sd: SecurityDescriptor): string => Buffer.from(encodeDescriptor(sd)).toString('hex');

const allow = (sid: Sid, mask = 0xf01ff, flags = 0) =>
  buildAce({ type: AceType.allowed, mask, sid, flags });
const deny = (sid: Sid, mask = 0x100) => buildAce({ type: AceType.denied, mask, sid });

describe('MS-ADA2 2.218, the first grant', () => {
  test('is the 80 bytes that every tool writes', () => {
    const { descriptor, changed } = addGrant(undefined, serverB);
    expect(changed).toBe(true);
    expect(hex(descriptor)).toBe(FIRST_GRANT);
    expect(encodeDescriptor(descriptor)).toHaveLength(80);
    expect(decodeDescriptor(encodeDescriptor(descriptor))).toEqual(descriptor);
  });
});

describe('adding a grant', () => {
  test('appends behind the others and keeps them', () => {
    const before = withAces([deny(serverC), allow(serverB2, 0x100)]);
    const { descriptor } = addGrant(before, serverB);
    expect(descriptor).toEqual(withAces([deny(serverC), allow(serverB2, 0x100), allow(serverB)]));
  });

  test('stands before inherited ACEs, where canonical order has explicit ones', () => {
    const inherited = allow(serverB2, 0x100, AceFlag.inherited);
    const { descriptor } = addGrant(withAces([allow(serverC), inherited]), serverB);
    expect(descriptor).toEqual(withAces([allow(serverC), allow(serverB), inherited]));
  });

  test('changes nothing when an effective ACE is there already', () => {
    for (const ace of [allow(serverB), allow(serverB, 0x100), allow(serverB, 0x100, 0x12)]) {
      const before = withAces([ace]);
      const added = addGrant(before, serverB);
      expect(added).toEqual({ descriptor: before, changed: false, deniedBy: undefined });
      expect(added.descriptor).toBe(before);
    }
  });

  test('adds beside an ACE that only looks like a grant', () => {
    const generic = allow(serverB, 0x10000000);
    const { descriptor, changed } = addGrant(withAces([generic]), serverB);
    expect(changed).toBe(true);
    expect(descriptor).toEqual(withAces([generic, allow(serverB)]));
  });

  test('does not go in front of a deny ACE of the same principal, but tells of it', () => {
    const before = withAces([allow(serverB2), deny(serverB)]);
    const { descriptor, deniedBy } = addGrant(before, serverB);
    expect(descriptor).toEqual(withAces([allow(serverB2), deny(serverB), allow(serverB)]));
    expect(deniedBy).toBe(1);
    expect(listGrants(descriptor).map((grant) => grant.sid)).toEqual([serverB2]);
  });

  test('a deny ACE that lacks the right does not win', () => {
    expect(addGrant(withAces([deny(serverB, 0x20)]), serverB).deniedBy).toBeUndefined();
  });

  test('a deny ACE behind the grant does not win', () => {
    const before = withAces([allow(serverB), deny(serverB)]);
    expect(addGrant(before, serverB)).toMatchObject({ changed: false, deniedBy: undefined });
  });

  test('leaves a NULL DACL alone: it grants everybody already', () => {
    const before: SecurityDescriptor = { control: 0x8004, dacl: 'null' };
    expect(addGrant(before, serverB)).toEqual({
      descriptor: before,
      changed: false,
      deniedBy: undefined,
    });
  });

  test('gives a descriptor without a DACL one', () => {
    const { descriptor } = addGrant({ control: 0x8000, owner: 'S-1-5-32-544' }, serverB);
    expect(descriptor).toEqual(listing(serverB));
  });

  test('keeps the revision, owner, group, SACL and control bits that are there', () => {
    const before: SecurityDescriptor = {
      control: 0x9014,
      owner: serverC,
      group: serverB2,
      sacl: { revision: 2, aces: [] },
      dacl: { revision: 2, aces: [allow(serverB2)] },
    };
    const { descriptor } = addGrant(before, serverB);
    const dacl = { revision: 2, aces: [allow(serverB2), allow(serverB)] };
    expect(descriptor).toEqual({ ...before, dacl });
  });
});

describe('removing a grant', () => {
  test('of the last ACE: the attribute is to be cleared', () => {
    expect(removeGrant(listing(serverB), serverB)).toEqual({
      descriptor: undefined,
      changed: true,
      removed: [allow(serverB)],
      stillGranted: false,
    });
  });

  test('takes every allow ACE of the principal, also without effect, and no other ACE', () => {
    const before = withAces([
      deny(serverB),
      allow(serverB2),
      allow(serverB),
      allow(serverB, 0x10000000),
      buildAce({ type: AceType.allowedObject, mask: 0x100, sid: serverB }),
    ]);
    const { descriptor, removed } = removeGrant(before, serverB);
    expect(descriptor).toEqual(withAces([deny(serverB), allow(serverB2)]));
    expect(removed).toHaveLength(3);
  });

  test('of a principal that is not there changes nothing', () => {
    const before = listing(serverB2);
    const result = removeGrant(before, serverB);
    expect(result).toMatchObject({ changed: false, removed: [], stillGranted: false });
    expect(result.descriptor).toBe(before);
  });

  test('from nothing changes nothing', () => {
    expect(removeGrant(undefined, serverB)).toMatchObject({
      descriptor: undefined,
      changed: false,
    });
  });

  test('tells when everybody may act all the same', () => {
    const before = withAces([allow('S-1-1-0', 0x100), allow(serverB)]);
    expect(removeGrant(before, serverB)).toMatchObject({ changed: true, stillGranted: true });
    expect(removeGrant(before, serverC)).toMatchObject({ changed: false, stillGranted: true });
    const nullDacl: SecurityDescriptor = { control: 0x8004, dacl: 'null' };
    expect(removeGrant(nullDacl, serverB)).toMatchObject({ changed: false, stillGranted: true });
  });
});

describe('replacing all grants', () => {
  test('tells the difference and drops everything else', () => {
    const before = withAces([deny(serverC), allow(serverB), allow(serverB2)]);
    expect(setGrants(before, [serverB2, serverC])).toEqual({
      descriptor: listing(serverB2, serverC),
      changed: true,
      added: [serverC],
      removed: [serverB],
      kept: [serverB2],
    });
  });

  test('with nobody clears the attribute', () => {
    const result = setGrants(listing(serverB), []);
    expect(result).toMatchObject({ descriptor: undefined, changed: true, removed: [serverB] });
    expect(setGrants(undefined, [])).toMatchObject({ descriptor: undefined, changed: false });
  });

  test('with what is there already changes nothing; a principal counts once', () => {
    const before = decodeDescriptor(encodeDescriptor(listing(serverB, serverB2)));
    expect(setGrants(before, [serverB, serverB2, serverB])).toMatchObject({ changed: false });
    expect(setGrants(before, [serverB2, serverB])).toMatchObject({ changed: true, added: [] });
  });

  test('writes anew what only grants the same', () => {
    const narrow = withAces([allow(serverB, 0x100)]);
    expect(setGrants(narrow, [serverB])).toMatchObject({ changed: true, kept: [serverB] });
    const others: readonly SecurityDescriptor[] = [
      { ...listing(serverB), owner: serverC },
      { ...listing(serverB), group: serverC },
      { ...listing(serverB), sacl: 'null' },
      { control: 0x8004, dacl: 'null' },
    ];
    for (const other of others)
      expect(setGrants(other, [serverB])).toMatchObject({ changed: true });
  });
});

describe('listing the principals', () => {
  const sids = (sd: SecurityDescriptor | undefined): readonly Sid[] =>
    listGrants(sd).map((grant) => grant.sid);

  test('of nothing, of no DACL and of an empty one: nobody', () => {
    expect(listGrants(undefined)).toEqual([]);
    expect(listGrants({ control: 0x8000 })).toEqual([]);
    expect(listGrants(withAces([]))).toEqual([]);
  });

  test('of a NULL DACL: everybody', () => {
    const everybody = [{ sid: 'S-1-1-0', index: -1, conditional: false }];
    expect(listGrants({ control: 0x8004, dacl: 'null' })).toEqual(everybody);
  });

  test('with the place of the ACE that grants, each principal once', () => {
    const sd = withAces([allow(serverB, 0x20), allow(serverB), allow(serverB), allow(serverB2)]);
    expect(listGrants(sd)).toEqual([
      { sid: serverB, index: 1, conditional: false },
      { sid: serverB2, index: 3, conditional: false },
    ]);
  });

  test('a condition is told, and an ACE without one is better', () => {
    const applicationData = Uint8Array.from([0x61, 0x72, 0x74, 0x78]);
    const type = AceType.allowedCallback;
    const maybe = buildAce({ type, mask: 0x100, sid: serverB, applicationData });
    expect(listGrants(withAces([maybe]))).toMatchObject([{ index: 0, conditional: true }]);
    expect(listGrants(withAces([maybe, maybe]))).toMatchObject([{ index: 0, conditional: true }]);
    const sure = withAces([maybe, allow(serverB), maybe]);
    expect(listGrants(sure)).toMatchObject([{ index: 1, conditional: false }]);
  });

  test('without those that are denied before, themselves or with everybody', () => {
    expect(sids(withAces([deny(serverB), allow(serverB), allow(serverB2)]))).toEqual([serverB2]);
    expect(sids(withAces([allow(serverB), deny(serverB)]))).toEqual([serverB]);
    expect(sids(withAces([deny('S-1-1-0'), allow(serverB)]))).toEqual([]);
    expect(sids(withAces([deny('S-1-5-11'), allow(serverB)]))).toEqual([]);
  });
});
