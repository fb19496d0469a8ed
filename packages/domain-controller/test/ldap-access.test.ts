import type { Entry, Value } from '@doublehop/directory/entry';
import { Schema } from '@doublehop/directory/schema/schema';
import {
  isAdministrator,
  mayDo,
  type Subject,
  type Wish,
} from '@doublehop/domain-controller/ldap/access';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { encodeSid, parseSid, type Sid, withRid } from '@doublehop/security/sid';
import { describe, expect, it } from 'vitest';

const DOMAIN = parseSid('S-1-5-21-1-2-3');
const ME = withRid(DOMAIN, 1104);
const OTHER = withRid(DOMAIN, 1105);
const GROUP = withRid(DOMAIN, 1106);
const schema = new Schema();

const me: Subject = {
  sid: ME,
  token: { sids: new Set<Sid>([ME, GROUP, 'S-1-1-0', 'S-1-5-11']) },
  administrator: false,
};

function entry(values: Readonly<Record<string, Value>> = {}, sid: Sid = OTHER): Entry {
  const bytes = (name: string) => {
    const value = values[name];
    return value instanceof Uint8Array ? value : undefined;
  };
  return {
    id: 1,
    parentId: 0,
    guid: '00000000-0000-0000-0000-000000000000',
    dn: 'CN=x',
    sid,
    structuralClass: 'computer',
    values: (name) => (values[name] === undefined ? [] : [values[name]]),
    text: () => undefined,
    bytes,
    attributeNames: () => [],
  };
}

function withDescriptor(sddl: string, sid?: Sid): Entry {
  return entry(
    { nTSecurityDescriptor: encodeDescriptor(parseSddl(sddl, { domain: DOMAIN })) },
    sid,
  );
}

function write(name: string): Wish {
  const attribute = schema.attribute(name);
  if (attribute === undefined) throw new Error(`no ${name}`);
  return { kind: 'write', attribute };
}

const RBCD = write('msDS-AllowedToActOnBehalfOfOtherIdentity');
const ATTRIBUTE = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
const ACCOUNT_RESTRICTIONS = '4c164200-20c0-11d0-a768-00aa006e0529';

describe('isAdministrator', () => {
  it.each([
    ['S-1-5-32-544', true],
    [withRid(DOMAIN, 512), true],
    [withRid(DOMAIN, 519), true],
    [withRid(DOMAIN, 513), false],
    ['S-1-5-21-9-9-9-512', false],
    ['S-1-5-11', false],
  ] as const)('%s: %s', (sid, expected) => {
    expect(isAdministrator({ sids: new Set<Sid>([sid]) }, DOMAIN)).toBe(expected);
  });
});

describe('directory-semantics 2.10: who may write the RBCD attribute', () => {
  it.each([
    ['1. WP with the attribute', `(OA;;WP;${ATTRIBUTE};;${ME})`, true],
    ['1. WP with the property set', `(OA;;WP;${ACCOUNT_RESTRICTIONS};;${ME})`, true],
    ['1. WP with another attribute', `(OA;;WP;bf967950-0de6-11d0-a285-00aa003049e2;;${ME})`, false],
    ['1. WP with no type', `(A;;WP;;;${ME})`, true],
    ['1. GenericWrite', `(A;;GW;;;${ME})`, true],
    ['1. GenericAll', `(A;;GA;;;${ME})`, true],
    ['1. a group', `(A;;WP;;;${GROUP})`, true],
    ['1. somebody else', `(A;;WP;;;${OTHER})`, false],
    ['1. another right', `(A;;RPCRCCDCLC;;;${ME})`, false],
    ['1. inheritance only', `(A;CIIO;WP;;;${ME})`, false],
    ['deny first', `(D;;WP;;;${GROUP})(A;;WP;;;${ME})`, false],
    ['generic deny first', `(D;;GA;;;${GROUP})(A;;WP;;;${ME})`, false],
    ['allow first', `(A;;WP;;;${ME})(D;;WP;;;${GROUP})`, true],
  ])('%s', (_what, aces, expected) => {
    expect(mayDo(me, withDescriptor(`O:BAD:${aces}`), RBCD)).toBe(expected);
  });

  it('3. every account may write its own', () => {
    expect(mayDo(me, entry({}, ME), RBCD)).toBe(true);
    expect(mayDo(me, entry({}, GROUP), RBCD)).toBe(false);
    expect(mayDo(me, entry({}, ME), write('description'))).toBe(false);
    // A descriptor that says no is heeded.
    expect(mayDo(me, withDescriptor(`O:BAD:(D;;WP;;;PS)`, ME), RBCD)).toBe(false);
    expect(mayDo(me, withDescriptor(`O:BAD:(A;;RP;;;AU)`, ME), RBCD)).toBe(true);
  });

  it('4. the creator of a computer may write its account restrictions', () => {
    const created = entry({ 'mS-DS-CreatorSID': encodeSid(ME) });
    expect(mayDo(me, created, RBCD)).toBe(true);
    expect(mayDo(me, created, write('accountExpires'))).toBe(true);
    expect(mayDo(me, created, write('description'))).toBe(false);
    expect(mayDo(me, entry({ 'mS-DS-CreatorSID': encodeSid(OTHER) }), RBCD)).toBe(false);
  });

  it('is nobody else’s', () => {
    expect(mayDo(me, entry(), RBCD)).toBe(false);
    expect(mayDo({ ...me, administrator: true }, entry(), RBCD)).toBe(true);
  });
});

describe('other wishes', () => {
  const all = withDescriptor(`O:BAD:(A;;GA;;;${ME})`);
  const computer = schema.classType('computer');

  it('what a privilege guards takes more than a right', () => {
    const names = ['msDS-AllowedToDelegateTo', 'userAccountControl', 'sIDHistory'];
    for (const name of names) expect(mayDo(me, all, write(name))).toBe(false);
    const created = entry({ 'mS-DS-CreatorSID': encodeSid(ME) });
    expect(mayDo(me, created, write('userAccountControl'))).toBe(false);
    expect(mayDo({ ...me, administrator: true }, entry(), write('userAccountControl'))).toBe(true);
  });

  it('MS-ADTS 5.1.3.3: each has a right of its own', () => {
    if (computer === undefined) throw new Error('no class computer');
    const wishes: readonly (readonly [Wish, string])[] = [
      [{ kind: 'create', type: computer }, 'CC'],
      [{ kind: 'deleteChild', type: computer }, 'DC'],
      [{ kind: 'delete' }, 'SD'],
      [{ kind: 'resetPassword' }, 'CR'],
      [write('nTSecurityDescriptor'), 'WDWO'],
    ];
    for (const [wish, right] of wishes) {
      expect(mayDo(me, withDescriptor(`O:BAD:(A;;${right};;;${ME})`), wish)).toBe(true);
      for (const [, other] of wishes) {
        if (other === right) continue;
        expect(mayDo(me, withDescriptor(`O:BAD:(A;;${other};;;${ME})`), wish)).toBe(false);
      }
      expect(mayDo(me, entry({}, ME), wish)).toBe(false);
    }
  });

  it('a descriptor that does not decode gives nothing', () => {
    const broken = entry({ nTSecurityDescriptor: Uint8Array.of(1, 2, 3) }, ME);
    expect(mayDo(me, broken, RBCD)).toBe(false);
    expect(mayDo({ ...me, administrator: true }, broken, RBCD)).toBe(true);
  });
});
