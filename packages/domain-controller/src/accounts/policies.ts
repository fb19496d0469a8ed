import type { Account } from '@doublehop/directory/account';
import { ChangeFlag, type Change } from '@doublehop/directory/changes';
import type { Directory } from '@doublehop/directory/directory';
import type { Entry } from '@doublehop/directory/entry';
import {
  isPasswordSettings,
  resultantPasswordSettings,
} from '@doublehop/directory/password-settings';
import type { PasswordPolicy } from './password-policy.ts';

/** Bits of pwdProperties (MS-SAMR 2.2.3.1). */
const DOMAIN_PASSWORD_COMPLEX = 0x1;
const DOMAIN_LOCKOUT_ADMINS = 0x8;

/** What counts where the directory says nothing: nothing expires and nobody is locked. */
const NONE: PasswordPolicy = {
  minLength: 0,
  historyLength: 0,
  complexity: false,
  minAge: 0,
  maxAge: Infinity,
  lockoutThreshold: 0,
  lockoutWindow: 0,
  lockoutDuration: Infinity,
  locksAdministrator: false,
};

/**
 * The password policies of a directory: the domain's, and those of password settings objects
 * (MS-ADTS 6.1.1.4.11). Each is read once and kept until it changes; while there are no such
 * objects, asking costs one comparison.
 */
export class PasswordPolicies {
  readonly #directory: Directory;
  #domain: PasswordPolicy | undefined;
  /** Whether there are password settings objects; undefined: nobody has looked. */
  #hasSettings: boolean | undefined;
  #settings = new Map<number, PasswordPolicy>();
  #byAccount = new WeakMap<Account, PasswordPolicy>();

  constructor(directory: Directory) {
    this.#directory = directory;
    directory.onChange((changes) => this.#follow(changes));
  }

  /** What counts for an account (MS-SAMR 3.1.1.5: the effective settings). */
  policyOf(account: Account): PasswordPolicy {
    this.#domain ??= this.#readDomain();
    if (account.kind !== 'user') return this.#domain;
    this.#hasSettings ??= this.#anySettings();
    if (!this.#hasSettings) return this.#domain;
    let policy = this.#byAccount.get(account);
    if (policy === undefined) {
      policy = this.#resultant(account.id) ?? this.#domain;
      this.#byAccount.set(account, policy);
    }
    return policy;
  }

  #resultant(id: number): PasswordPolicy | undefined {
    const { view, known } = this.#directory;
    const entry = view.entry(id);
    const found = entry === undefined ? undefined : resultantPasswordSettings(view, known, entry);
    if (found === undefined) return undefined;
    let policy = this.#settings.get(found);
    if (policy === undefined) {
      policy = settingsPolicy(this.#directory.get({ id: found }), this.#domain ?? NONE);
      this.#settings.set(found, policy);
    }
    return policy;
  }

  #readDomain(): PasswordPolicy {
    const { domain } = this.#directory;
    const head = domain === undefined ? undefined : this.#directory.find(domain.dn);
    return head === undefined ? NONE : domainPolicy(head);
  }

  #anySettings(): boolean {
    const { domain } = this.#directory;
    if (domain === undefined) return false;
    const base = `CN=Password Settings Container,CN=System,${domain.dn}`;
    const container = this.#directory.find(base);
    if (container === undefined) return false;
    for (const _ of this.#directory.view.childIds(container.id)) return true;
    return false;
  }

  /** A change of the domain's head or of a settings object ends what is known. */
  #follow(changes: readonly Change[] | 'unknown'): void {
    if (this.#domain === undefined && this.#hasSettings === undefined) return;
    if (changes !== 'unknown' && !changes.some((change) => this.#concerns(change))) {
      // A group that came into another may bring its members other settings.
      if (this.#hasSettings === true && changes.some((change) => this.#regroups(change))) {
        this.#byAccount = new WeakMap();
      }
      return;
    }
    this.#domain = undefined;
    this.#hasSettings = undefined;
    this.#settings = new Map();
    this.#byAccount = new WeakMap();
  }

  #regroups({ id, flags }: Change): boolean {
    if ((flags & ChangeFlag.linked) !== 0) return true;
    const { view, known } = this.#directory;
    return view.entry(id)?.text(known.groupType.code) !== undefined;
  }

  #concerns({ id }: Change): boolean {
    const { view, known, domain } = this.#directory;
    const entry = view.entry(id);
    if (entry === undefined) return this.#hasSettings === true;
    if (isPasswordSettings(known, entry)) return true;
    return domain !== undefined && entry.rdn.value === domain.dn;
  }
}

/** The attributes of the domain's head (MS-ADA1 to MS-ADA3; MS-SAMR 3.1.1.5). */
function domainPolicy(head: Entry): PasswordPolicy {
  const properties = numberOf(head, 'pwdProperties');
  return {
    minLength: numberOf(head, 'minPwdLength'),
    historyLength: numberOf(head, 'pwdHistoryLength'),
    complexity: (properties & DOMAIN_PASSWORD_COMPLEX) !== 0,
    minAge: span(head, 'minPwdAge'),
    maxAge: span(head, 'maxPwdAge') || Infinity,
    lockoutThreshold: numberOf(head, 'lockoutThreshold'),
    lockoutWindow: span(head, 'lockOutObservationWindow'),
    lockoutDuration: span(head, 'lockoutDuration') || Infinity,
    locksAdministrator: (properties & DOMAIN_LOCKOUT_ADMINS) !== 0,
  };
}

/** A password settings object (MS-ADTS 6.1.1.4.11.1). */
function settingsPolicy(entry: Entry, { locksAdministrator }: PasswordPolicy): PasswordPolicy {
  return {
    minLength: numberOf(entry, 'msDS-MinimumPasswordLength'),
    historyLength: numberOf(entry, 'msDS-PasswordHistoryLength'),
    complexity: entry.text('msDS-PasswordComplexityEnabled') === 'TRUE',
    minAge: span(entry, 'msDS-MinimumPasswordAge'),
    maxAge: span(entry, 'msDS-MaximumPasswordAge') || Infinity,
    lockoutThreshold: numberOf(entry, 'msDS-LockoutThreshold'),
    lockoutWindow: span(entry, 'msDS-LockoutObservationWindow'),
    lockoutDuration: span(entry, 'msDS-LockoutDuration') || Infinity,
    locksAdministrator,
  };
}

function numberOf(entry: Entry, attribute: string): number {
  return Number(entry.text(attribute) ?? 0);
}

/** Milliseconds of a span, which is negative and in 100 ns; the smallest number is "never". */
function span(entry: Entry, attribute: string): number {
  const text = entry.text(attribute) ?? '0';
  return text === FOREVER ? Infinity : Math.abs(Number(text)) / 10_000;
}

const FOREVER = '-9223372036854775808';
