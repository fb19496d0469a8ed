import { ACCOUNT_CONTROL, type AccountControlName } from '@doublehop/security/account-control';
import { type Account, isDomainController } from '../account.ts';
import type { AttributeChange } from '../changes/change.ts';
import { flagValue, flagWords, USER_ACCOUNT_CONTROL } from '../changes/words.ts';

/** The flags of an account that decide about delegation. */
export type DelegationFlag = 'sensitive' | 'protocol-transition' | 'unconstrained';

/** The bits behind them (MS-ADTS 2.2.16), by their names. */
export const DELEGATION_FLAGS: Readonly<Record<DelegationFlag, AccountControlName>> = {
  /** Nobody may act for the account. */
  sensitive: 'NOT_DELEGATED',
  /** It may act for users who did not come by Kerberos. */
  'protocol-transition': 'TRUSTED_TO_AUTH_FOR_DELEGATION',
  /** Users' tickets are forwarded to it; it may act anywhere. */
  unconstrained: 'TRUSTED_FOR_DELEGATION',
};

/** Every flag, in the order of tables. */
export const FLAG_NAMES: readonly DelegationFlag[] = [
  'sensitive',
  'protocol-transition',
  'unconstrained',
];

/** What an edit of flags comes to. Nothing of it was written yet. */
export interface FlagsPlan {
  /** One for each account, also where nothing changes. */
  readonly changes: readonly AttributeChange[];
  readonly warnings: readonly string[];
}

/** The flags that an account has. */
export function flagsOn({ userAccountControl }: Account): readonly DelegationFlag[] {
  return FLAG_NAMES.filter(
    (flag) => (userAccountControl & ACCOUNT_CONTROL[DELEGATION_FLAGS[flag]]) !== 0,
  );
}

/** Plans to set flags, or to clear them; every other bit stays. */
export function planFlags(
  accounts: readonly Account[],
  { flags, value }: { readonly flags: readonly DelegationFlag[]; readonly value: boolean },
): FlagsPlan {
  const warnings: string[] = [];
  const changes = accounts.map((account) => {
    const wanted = flags.filter((flag) => flagsOn(account).includes(flag) !== value);
    const now = account.userAccountControl;
    const bits = wanted.reduce((all, flag) => all | ACCOUNT_CONTROL[DELEGATION_FLAGS[flag]], 0);
    warnings.push(...wanted.flatMap((flag) => warningsOf(account, flag, value)));
    return {
      target: account,
      attribute: USER_ACCOUNT_CONTROL,
      before: [flagValue(now)],
      after: [flagValue(value ? now | bits : now & ~bits)],
      sentences: wanted.map(
        (flag) =>
          `${account.name} is ${value ? 'now' : 'no longer'} ${flagWords(DELEGATION_FLAGS[flag])}`,
      ),
    };
  });
  return { changes, warnings };
}

function warningsOf(account: Account, flag: DelegationFlag, value: boolean): readonly string[] {
  const { name } = account;
  if (flag === 'unconstrained' && value) {
    return [
      `${name} gets the tickets of all users that log on to it, and may act for them anywhere; ` +
        'a grant on the target (doublehop grant) does without',
    ];
  }
  if (flag === 'unconstrained' && isDomainController(account)) {
    return [`${name} is a domain controller, and every one is trusted for delegation: leave it so`];
  }
  if (flag === 'sensitive' && value && account.kind !== 'user') {
    return [`${name} is a ${account.kind}: what is meant to be protected are people, mostly`];
  }
  return [];
}
