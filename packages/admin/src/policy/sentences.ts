import type { Principal } from '../account.ts';
import type { PolicyDifference, UntoldChange } from './change.ts';
import type { PolicyFlag } from './model.ts';

/** One difference as a sentence, and as another why the policy wants it. */
export interface ToldDifference {
  readonly sign: '+' | '-';
  readonly sentence: string;
  readonly reason: string;
}

/** The differences of one change, in words that say who may act for users to whom. */
export function tellChange(
  { target, differences }: UntoldChange,
  nameOf: (principal: Principal) => string = ({ name }) => name,
): readonly ToldDifference[] {
  return differences.map((difference) => ({
    sign: difference.action === 'add' ? '+' : '-',
    sentence: sentenceOf(difference, target.name, nameOf),
    reason: reasonOf(difference),
  }));
}

/** The same differences in few words, as what is so with the account and should not be. */
export function tellDrift({ differences }: UntoldChange): readonly string[] {
  return differences.map(({ action, what }) => {
    const [is, but] = action === 'add' ? ['may not', 'should'] : ['may', 'should not'];
    if (what.kind === 'middle') return `${what.middle.name} ${is} act, but ${but}`;
    if (what.kind === 'service') return `${is} act to ${what.service}, but ${but}`;
    return `is ${action === 'add' ? 'not ' : ''}${FLAG_WORDS[what.flag]}, but ${but} be`;
  });
}

function sentenceOf(
  { action, what }: PolicyDifference,
  account: string,
  nameOf: (principal: Principal) => string,
): string {
  const may = action === 'add' ? 'may now' : 'may no longer';
  switch (what.kind) {
    case 'middle':
      return `${nameOf(what.middle)} ${may} act for users to ${account}`;
    case 'service':
      return `${account} ${may} act for users to ${what.service}`;
    case 'flag':
      return `${account} is ${action === 'add' ? 'now' : 'no longer'} ${FLAG_WORDS[what.flag]}`;
  }
}

/** As Active Directory Users and Computers has them. */
const FLAG_WORDS: Readonly<Record<PolicyFlag, string>> = {
  sensitive: 'sensitive and cannot be delegated',
  protocolTransition: 'trusted for any authentication protocol',
  unconstrained: 'trusted for delegation to any service',
};

function reasonOf({ rules, why }: PolicyDifference): string {
  const names = rules.map((name) => `"${name}"`).join(', ');
  const s = rules.length > 1 ? '' : 's';
  switch (why) {
    case 'named':
      return `${names} want${s} it`;
    case 'forbidden':
      return `${names} forbid${s} it`;
    case 'exact':
      return `${names} name${s} no other`;
    case 'others':
      return 'no rule is about it, and others: revoke';
  }
}
