import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account } from '../src/account.ts';
import { Accounts } from '../src/accounts.ts';
import { Blocks } from '../src/blocks.ts';
import type { Directory } from '../src/directory.ts';
import type { AttributeInput, Entry } from '../src/entry.ts';
import { DirectoryError } from '../src/errors.ts';
import { contoso, DOMAIN_DN } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const USER_NAMES = ['alice', 'bob', 'carol'];
const GROUP_NAMES = ['one', 'two', 'three', 'four', 'five'];
const NAMES = [...USER_NAMES, ...GROUP_NAMES];
const dnOf = (name: string): string => `CN=${name},${USERS}`;

/** Security groups (global, universal, domain-local) and one that is for mail alone. */
const TYPES = [0x80000002 | 0, 0x80000008 | 0, 0x80000004 | 0, 2];

const aName = fc.constantFrom(...NAMES);
const aGroup = fc.constantFrom(...GROUP_NAMES);
const step = fc.oneof(
  fc.record({ op: fc.constantFrom('join' as const, 'leave' as const), group: aGroup, name: aName }),
  fc.record({ op: fc.constant('type' as const), group: aGroup, type: fc.constantFrom(...TYPES) }),
  fc.record({ op: fc.constantFrom('remove' as const, 'describe' as const), name: aName }),
  fc.record({ op: fc.constant('rename' as const), name: aName }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function make(directory: Directory, names: readonly string[]): Promise<void> {
  await directory.write((writer) => {
    for (const name of names) {
      const objectClass = USER_NAMES.includes(name) ? 'user' : 'group';
      writer.add(dnOf(name), { objectClass, sAMAccountName: name });
    }
  });
}

/** One change; what Active Directory would refuse changes nothing. */
async function take(directory: Directory, one: Step): Promise<void> {
  try {
    await change(directory, one);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
  }
}

async function change(directory: Directory, one: Step): Promise<void> {
  const get = (name: string): Entry => directory.get(dnOf(name));
  switch (one.op) {
    case 'join':
    case 'leave': {
      const operation = one.op === 'join' ? 'add' : 'delete';
      const values = [get(one.name).dn];
      await directory.modify(dnOf(one.group), [{ operation, attribute: 'member', values }]);
      break;
    }
    case 'type': {
      const values = [String(one.type)];
      const attribute = 'groupType';
      await directory.modify(dnOf(one.group), [{ operation: 'replace', attribute, values }]);
      break;
    }
    case 'describe': {
      const values = [String(get(one.name).values('description').length)];
      const attribute = 'description';
      await directory.modify(dnOf(one.name), [{ operation: 'replace', attribute, values }]);
      break;
    }
    case 'rename':
      await directory.rename(dnOf(one.name), { newRdn: 'CN=elsewhere' });
      await directory.rename(`CN=elsewhere,${USERS}`, { newRdn: `CN=${one.name}` });
      break;
    case 'remove':
      await directory.remove(dnOf(one.name));
      await make(directory, [one.name]);
      break;
    default:
      throw new TypeError('no such step');
  }
}

function groupsOf(account: Account | undefined): unknown {
  if (account === undefined) return undefined;
  const { usn, dn, groups, resourceGroups, builtinGroups, extraSids, protectedUser } = account;
  return {
    usn,
    dn,
    groups: new Set(groups),
    resourceGroups: new Set(resourceGroups),
    builtinGroups,
    extraSids,
    protectedUser,
  };
}

describe('accounts that are kept', () => {
  it('are what they would be if they were read anew, whatever changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const directory = await contoso();
        await make(directory, NAMES);
        await take(directory, { op: 'join', group: 'one', name: 'alice' });
        await take(directory, { op: 'join', group: 'two', name: 'one' });
        await take(directory, { op: 'join', group: 'two', name: 'bob' });
        const kept = new Accounts(directory);
        for (const one of steps) {
          const before = USER_NAMES.map((name) => kept.byName(name));
          const state = before.map(groupsOf);
          // oxlint-disable-next-line no-await-in-loop
          await take(directory, one);
          const fresh = new Accounts(directory);
          for (const [index, name] of USER_NAMES.entries()) {
            const now = kept.byName(name);
            expect(groupsOf(now)).toEqual(groupsOf(fresh.byName(name)));
            // The same object never tells something else than before.
            if (now === before[index]) expect(groupsOf(now)).toEqual(state[index]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('say what their entries say', async () => {
    const directory = await contoso();
    const accounts = new Accounts(directory);
    const text = fc.string({ minLength: 1, maxLength: 40 }).map((s) => `${s.trim()}.ü`);
    const time = fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffff_ffffn }).map(String);
    const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
    const entry = fc.record(
      {
        displayName: text,
        dNSHostName: text,
        accountExpires: fc.oneof(time, fc.constantFrom('0', '9223372036854775807')),
        lockoutTime: time,
        badPwdCount: int32.map(String),
        logonCount: int32.map(String),
        'msDS-SupportedEncryptionTypes': int32.map(String),
        logonHours: fc.uint8Array({ minLength: 21, maxLength: 21 }),
        'msDS-AllowedToDelegateTo': fc.uniqueArray(text, { minLength: 1, maxLength: 5 }),
        'msDS-AllowedToActOnBehalfOfOtherIdentity': fc.uint8Array({
          minLength: 1,
          maxLength: 9000,
        }),
      },
      { requiredKeys: [] },
    );
    let number = 0;
    await fc.assert(
      fc.asyncProperty(entry, async (attributes: AttributeInput) => {
        number += 1;
        const name = `u${number}`;
        const own = { objectClass: 'computer', sAMAccountName: name };
        await directory.write((writer) => {
          writer.add(dnOf(name), { ...own, ...attributes }, { system: true });
        });
        const view = directory.get(dnOf(name));
        const account = accounts.byName(name);
        const expires = view.text('accountExpires') ?? '0';
        const types = view.text('msDS-SupportedEncryptionTypes');
        expect(account).toMatchObject({
          kind: 'computer',
          id: view.id,
          sid: view.sid,
          dn: view.dn,
          samAccountName: name,
          displayName: view.text('displayName'),
          dnsHostName: view.text('dNSHostName'),
          accountExpires: BigInt(expires),
          lockoutTime: BigInt(view.text('lockoutTime') ?? '0'),
          badPwdCount: Number(view.text('badPwdCount') ?? '0'),
          logonCount: Number(view.text('logonCount') ?? '0'),
          supportedEncryptionTypes: types === undefined ? undefined : Number(types),
          logonHours: view.bytes('logonHours'),
          allowedToDelegateTo: view.values('msDS-AllowedToDelegateTo'),
          allowedToActOnBehalf: view.bytes('msDS-AllowedToActOnBehalfOfOtherIdentity'),
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('blocks', () => {
  it('give room that nobody else has', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { maxLength: 40 }), (sizes) => {
        const blocks = new Blocks();
        const placed = sizes.map((size) => ({ size, ...blocks.reserve(size) }));
        for (const [index, { bytes, start, size }] of placed.entries()) {
          bytes.fill(index, start, start + size);
        }
        for (const [index, { bytes, start, size }] of placed.entries()) {
          const part = bytes.subarray(start, start + size);
          expect(part).toHaveLength(size);
          expect(part.every((octet) => octet === index)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
