import { hasControl } from '@doublehop/delegation/account-control';
import type { AuditAccount } from './collect.ts';
import { isController } from './collect.ts';
import { argument } from './command-line.ts';
import { andOthers, finding } from './finding.ts';
import type { Finding } from './model.ts';
import type { DuplicateName, FoundServices, ServiceHolder } from './services.ts';

/** Unconstrained delegation and lists of services: what one account says of itself. */
export function* classicFindings(
  account: AuditAccount,
  services: FoundServices,
): Generator<Finding> {
  yield* unconstrained(account);
  const { control } = account;
  const transition = hasControl(control, 'TRUSTED_TO_AUTH_FOR_DELEGATION');
  if (account.services.length > 0) {
    yield* constrained(account, transition, services);
  } else if (transition) {
    yield finding('transition-without-list', {
      subject: account,
      sentence: `${account.name} gets forwardable tickets for any user, and lists no service`,
      evidence: controlEvidence(account, 'TRUSTED_TO_AUTH_FOR_DELEGATION'),
      fix: clearFlag(account, 'protocol-transition'),
    });
  }
}

/** Names that no KDC can find an account by. */
export function duplicateFinding({ spn, holders }: DuplicateName): Finding {
  const [first] = holders;
  const names = holders.map(({ name }) => name);
  return finding('duplicate-spn', {
    subject: { name: first?.name ?? spn, dn: first?.dn },
    about: spn.toLowerCase(),
    sentence: `${spn} is registered by ${names.join(' and ')}`,
    evidence: holders.map(({ name, dn }) => `${name}: ${dn}`),
    fix: `setspn -D ${argument(spn)} ${argument(names.at(-1) ?? '')}`,
  });
}

function* unconstrained(account: AuditAccount): Generator<Finding> {
  if (!hasControl(account.control, 'TRUSTED_FOR_DELEGATION') || isController(account)) return;
  const disabled = hasControl(account.control, 'ACCOUNTDISABLE');
  yield finding(disabled ? 'unconstrained-disabled' : 'unconstrained', {
    subject: account,
    sentence: `${account.name} is trusted for delegation to every service`,
    evidence: controlEvidence(account, 'TRUSTED_FOR_DELEGATION'),
    fix: clearFlag(account, 'unconstrained'),
  });
}

function* constrained(
  account: AuditAccount,
  transition: boolean,
  services: FoundServices,
): Generator<Finding> {
  const holders = account.services.map((spn) => services.get(spn.toLowerCase()) ?? []);
  const found = holders.flat();
  const controllers = namesOf(found.filter(({ isController: yes }) => yes));
  const others = namesOf(found);
  const to = controllers.length > 0 ? controllers : others;
  const rule = ruleOf(transition, controllers.length > 0);
  const any = transition ? 'any user' : 'users who log on there';
  yield finding(rule, {
    subject: account,
    sentence: `${account.name} may act for ${any} to ${to.length === 0 ? 'nobody' : andSome(to)}`,
    evidence: [
      ...account.services.map((spn) => `msDS-AllowedToDelegateTo: ${spn}`),
      ...(transition ? controlEvidence(account, 'TRUSTED_TO_AUTH_FOR_DELEGATION') : []),
    ],
    fix: transition
      ? clearFlag(account, 'protocol-transition')
      : `doublehop kcd remove --middle ${argument(account.name)} --service ${argument(
          account.services[0] ?? '',
        )}`,
  });
  for (const [index, spn] of account.services.entries()) {
    if ((holders[index] ?? []).length === 0) yield ghost(account, spn);
  }
}

function ruleOf(
  transition: boolean,
  controller: boolean,
): 'kcd' | 'kcd-transition' | 'kcd-controller' | 'kcd-controller-transition' {
  if (controller) return transition ? 'kcd-controller-transition' : 'kcd-controller';
  return transition ? 'kcd-transition' : 'kcd';
}

function ghost(account: AuditAccount, spn: string): Finding {
  return finding('ghost-spn', {
    subject: account,
    about: spn.toLowerCase(),
    sentence: `${account.name} may act for users to ${spn}, which no account of the domain has`,
    evidence: [`msDS-AllowedToDelegateTo: ${spn}`],
    fix: `doublehop kcd remove --middle ${argument(account.name)} --service ${argument(spn)}`,
  });
}

function clearFlag({ name }: AuditAccount, flag: string): string {
  return `doublehop flags clear ${flag} --account ${argument(name)}`;
}

function controlEvidence(
  { control }: AuditAccount,
  name: Parameters<typeof hasControl>[1],
): readonly string[] {
  return [`userAccountControl 0x${(control >>> 0).toString(16)}: ${name}`];
}

function namesOf(holders: readonly ServiceHolder[]): readonly string[] {
  return [...new Set(holders.map(({ name }) => name))];
}

const SHOWN = 3;

function andSome(names: readonly string[]): string {
  return andOthers(names.slice(0, SHOWN), names.length);
}
