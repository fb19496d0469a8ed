import type { RandomSource } from '@doublehop/crypto/random';
import { ACCOUNT_CONTROL } from '@doublehop/security/account-control';
import { accountTypeOfGroup, accountTypeOfUser, defaultPrimaryGroup } from './account-types.ts';
import { numberOf, setNumber, type Draft } from './draft.ts';
import { GroupType } from './groups.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import type { Schema } from './schema/schema.ts';

/** Attributes that every new user has, as Windows shows them. */
const USER_DEFAULTS = {
  accountExpires: '9223372036854775807',
  badPasswordTime: '0',
  badPwdCount: '0',
  codePage: '0',
  countryCode: '0',
  lastLogoff: '0',
  lastLogon: '0',
  logonCount: '0',
  pwdLastSet: '0',
} as const;

/** Default groupType: a global security group, as a signed 32-bit number (MS-ADTS 2.2.12). */
const GLOBAL_SECURITY = GroupType.security | GroupType.global | 0;

const NAME_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** Whether entries of a class get a SID and an account name. */
export function isPrincipal(schema: Schema, draft: Draft): boolean {
  return ['user', 'group'].some((name) => schema.isKindOf(draft.type, name));
}

/** Hides a new entry whose class is hidden (defaultHidingValue, MS-ADTS 3.1.1.5.2.4). */
export function hideByDefault(schema: Schema, draft: Draft): void {
  const shown = needed(schema, 'showInAdvancedViewOnly');
  if (draft.type.hidden && !draft.attributes.has(shown.code)) {
    draft.attributes.set(shown.code, ['TRUE']);
  }
}

/** Gives a new account or group, or one that is made of a tombstone, what it was not given. */
export function fillDefaults(
  schema: Schema,
  known: KnownAttributes,
  draft: Draft,
  random: RandomSource,
): void {
  if (!isPrincipal(schema, draft)) return;
  if (!draft.attributes.has(known.samAccountName.code)) {
    draft.attributes.set(known.samAccountName.code, [randomName(random)]);
  }
  if (schema.isKindOf(draft.type, 'group')) {
    if (!draft.attributes.has(known.groupType.code)) {
      setNumber(draft, known.groupType, GLOBAL_SECURITY);
    }
    return;
  }
  if (!draft.attributes.has(known.userAccountControl.code)) {
    const machine = schema.isKindOf(draft.type, 'computer');
    const kind = machine
      ? ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT
      : ACCOUNT_CONTROL.NORMAL_ACCOUNT;
    const closed = ACCOUNT_CONTROL.ACCOUNTDISABLE | ACCOUNT_CONTROL.PASSWD_NOTREQD;
    setNumber(draft, known.userAccountControl, kind | closed);
  }
  for (const [name, value] of Object.entries(USER_DEFAULTS)) {
    const type = needed(schema, name);
    if (!draft.attributes.has(type.code)) draft.attributes.set(type.code, [value]);
  }
  if (!draft.attributes.has(known.primaryGroupId.code)) {
    const control = numberOf(draft, known.userAccountControl) ?? 0;
    setNumber(draft, known.primaryGroupId, defaultPrimaryGroup(control));
  }
}

/** Keeps sAMAccountType in step with what it is computed from (MS-SAMR 3.1.1.8.4). */
export function deriveAccountType(schema: Schema, known: KnownAttributes, draft: Draft): void {
  if (schema.isKindOf(draft.type, 'user')) {
    let control = numberOf(draft, known.userAccountControl) ?? 0;
    const kinds =
      ACCOUNT_CONTROL.NORMAL_ACCOUNT |
      ACCOUNT_CONTROL.INTERDOMAIN_TRUST_ACCOUNT |
      ACCOUNT_CONTROL.WORKSTATION_TRUST_ACCOUNT |
      ACCOUNT_CONTROL.SERVER_TRUST_ACCOUNT;
    if ((control & kinds) === 0) {
      // An account without a kind is a normal one (MS-SAMR 3.1.1.8.10).
      control |= ACCOUNT_CONTROL.NORMAL_ACCOUNT;
      setNumber(draft, known.userAccountControl, control);
    }
    setNumber(draft, known.samAccountType, accountTypeOfUser(control));
  } else if (schema.isKindOf(draft.type, 'group')) {
    const type = numberOf(draft, known.groupType) ?? 0;
    setNumber(draft, known.samAccountType, accountTypeOfGroup(type));
  }
}

/** The name of an account made without one: `$` and 18 random letters (MS-SAMR 3.1.1.8.4). */
export function randomName(random: RandomSource): string {
  const letters = Array.from(random(18), (byte) => NAME_LETTERS.charAt(byte & 31)).join('');
  return `$${letters.slice(0, 6)}-${letters.slice(6)}`;
}
