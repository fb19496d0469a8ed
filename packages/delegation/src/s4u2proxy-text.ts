import type { Evidence } from './decision.ts';
import type { S4U2ProxyFacts } from './facts.ts';
import { HEADER_RULES } from './header-text.ts';
import { type RuleText, evidenceText } from './rule-text.ts';
import type { S4U2ProxyCheckId } from './s4u2proxy.ts';
import {
  pacFault,
  passedStateText,
  stateText,
  whyNotAdmitted,
  whyNotForwardable,
  whyNotGranted,
} from './why.ts';

type Facts = S4U2ProxyFacts;
type Text = RuleText<Facts>;

const request = (): string => 'the request';
const middle = (facts: Facts): string => facts.middle.name;
const user = (facts: Facts): string => facts.user.name;
const target = (facts: Facts): string => facts.target.name;
const ticket = (facts: Facts): string => `the evidence ticket for ${facts.evidence.serverName}`;

/** The words of every S4U2Proxy check. */
export const PROXY_RULES: Readonly<Record<S4U2ProxyCheckId, Text>> = {
  'target-found': {
    rule: 'RFC 4120 §3.3.3',
    subject: target,
    pass: ({ target: { spn, name } }) => `${spn} is a name of ${name}`,
    fail: ({ target: { spn, place } }) =>
      place === 'ambiguous' ? `${spn} is on more than one account` : `no account has ${spn}`,
  },
  'evidence-present': {
    rule: 'MS-SFU 2.2.3',
    subject: request,
    pass: () => 'the request has an evidence ticket',
    fail: () => 'the request has no evidence ticket',
  },
  options: {
    rule: 'MS-SFU 3.2.5.2',
    subject: request,
    pass: () => 'no option of the request excludes delegation',
    fail: (_, option) => `the option ${evidenceText(option)} does not go together with delegation`,
  },
  'target-not-krbtgt': {
    rule: 'MS-SFU 3.2.5.2',
    subject: target,
    pass: ({ target: { name } }) => `${name} is not a ticket-granting service`,
    fail: ({ target: { spn } }) => `${spn} is a ticket-granting service: that would be a TGT`,
  },
  ...HEADER_RULES,
  ...evidenceRules(),
  ...crossRealmRules(),
  ...permissionRules(),
  ...accountRules(),
};

type EvidenceId =
  | 'evidence-decrypts'
  | 'evidence-pac'
  | 'evidence-rodc'
  | 'evidence-valid'
  | 'evidence-server'
  | 'evidence-client';

function evidenceRules(): Record<EvidenceId, Text> {
  return {
    'evidence-decrypts': {
      rule: 'RFC 4120 §3.3.3',
      subject: ticket,
      pass: (facts) => `${ticket(facts)} opens with the key of that account`,
      fail: (facts) => `${ticket(facts)} does not open with the key of that account`,
    },
    'evidence-pac': {
      rule: 'MS-SFU 3.2.5.2.2',
      subject: ticket,
      pass: (facts) => `all signatures of ${ticket(facts)} hold`,
      fail: (facts) => `${ticket(facts)} ${pacFault(facts.evidence.pac)}`,
    },
    'evidence-rodc': {
      rule: 'MS-PAC 2.8',
      subject: ticket,
      pass: (facts) => `${ticket(facts)} is signed by a domain controller that counts here`,
      fail: ({ evidence: { rodc } }) =>
        `the evidence ticket is signed by read-only domain controller ${rodc}, the TGT is not`,
    },
    'evidence-valid': {
      rule: 'RFC 4120 §3.3.3.1',
      subject: ticket,
      pass: (facts) => `${ticket(facts)} is valid now`,
      fail: (facts, validity) => `${ticket(facts)} is ${validityText(validity)}`,
    },
    'evidence-server': {
      rule: 'MS-SFU 3.2.5.2',
      subject: ticket,
      pass: ({ evidence: { serverName }, middle: { name } }) => `${serverName} is ${name}`,
      fail: ({ evidence: { serverName }, middle: { name } }) =>
        `the evidence ticket is for ${serverName}, which is not ${name}`,
    },
    'evidence-client': {
      rule: 'MS-PAC 2.7',
      subject: ticket,
      pass: (facts) => `the PAC of the evidence ticket is about ${facts.user.name}`,
      fail: (facts) => `the PAC of the evidence ticket is not about ${facts.user.name}`,
    },
  };
}

function validityText(validity: Evidence | undefined): string {
  if (validity === 'expired') return 'expired';
  return validity === 'invalid' ? 'postdated and not validated' : 'not valid yet';
}

type CrossRealmId =
  | 'cross-target'
  | 'cross-evidence'
  | 'cross-client'
  | 'cross-user'
  | 'cross-delegation-target'
  | 'cross-transited';

function crossRealmRules(): Record<CrossRealmId, Text> {
  const rule = 'MS-SFU 3.2.5.2.3';
  return {
    'cross-target': {
      rule,
      subject: target,
      pass: (facts) => `${facts.target.name} is an account of this realm`,
      fail: (facts) => `${facts.target.spn} is not of this realm`,
    },
    'cross-evidence': {
      rule,
      subject: ticket,
      pass: () => 'the evidence ticket is a proxy TGT to this realm',
      fail: () => 'the evidence ticket is not a proxy TGT to this realm',
    },
    'cross-client': {
      rule,
      subject: ticket,
      pass: (facts) => `the proxy TGT was made for ${facts.middle.name}`,
      fail: (facts) => `the proxy TGT was not made for ${facts.middle.name}`,
    },
    'cross-user': {
      rule,
      subject: ticket,
      pass: (facts) => `the PAC of the proxy TGT names ${facts.user.name} with the realm`,
      fail: () => 'the PAC of the proxy TGT does not name the user with the realm',
    },
    'cross-delegation-target': {
      rule: 'MS-PAC 2.9',
      subject: ticket,
      pass: (facts) => `the proxy TGT was made to reach ${facts.target.spn}`,
      fail: (facts) => `the proxy TGT was not made to reach ${facts.target.spn}`,
    },
    'cross-transited': {
      rule: 'MS-PAC 2.9',
      subject: ticket,
      pass: (facts) => `the last service in the proxy TGT is ${facts.middle.name}`,
      fail: (facts) => `the last service in the proxy TGT is not ${facts.middle.name}`,
    },
  };
}

type PermissionId =
  | 'kcd'
  | 'kcd-forwardable'
  | 'target-here'
  | 'rbcd-descriptor'
  | 'rbcd-access'
  | 'forwardable';

function permissionRules(): Record<PermissionId, Text> {
  const kcd = 'MS-SFU 3.2.5.2.1';
  const rbcd = 'MS-SFU 3.2.5.2.3';
  const notForwardable: Text['pass'] = (facts) =>
    `the evidence ticket is not forwardable: ${whyNotForwardable(facts)}`;
  return {
    kcd: {
      rule: kcd,
      subject: middle,
      pass: (facts) => `${facts.middle.name} lists ${facts.target.spn} (KCD)`,
      skip: (facts, why) =>
        why === 'cross-realm'
          ? `the list of ${facts.middle.name} is its own realm's matter`
          : `${facts.middle.name} does not list ${facts.target.spn} (no KCD); RBCD was asked for`,
      fail: (facts) =>
        facts.middle.allowedToDelegateTo.length === 0
          ? `${facts.middle.name} has no list of targets, and RBCD was not asked for`
          : `${facts.middle.name} does not list ${facts.target.spn}, and RBCD was not asked for`,
    },
    'kcd-forwardable': {
      rule: kcd,
      subject: ticket,
      pass: () => 'the evidence ticket is forwardable',
      fail: notForwardable,
    },
    'target-here': {
      rule: rbcd,
      subject: target,
      pass: (facts) => `${facts.target.name} is an account of this realm`,
      info: (facts) => `${facts.target.spn} is of another realm, whose KDC decides`,
    },
    'rbcd-descriptor': {
      rule: rbcd,
      subject: target,
      pass: (facts) => `${facts.target.name} has a list of who may act on behalf of users`,
      skip: () => 'not needed: KCD allows the hop',
      fail: (facts, _, nameOf) => whyNotGranted(facts, nameOf),
    },
    'rbcd-access': {
      rule: rbcd,
      subject: target,
      pass: (facts, decided, nameOf) => {
        const { target: on, middle: who } = facts;
        if (typeof decided !== 'object') return `${on.name} has a NULL DACL and lists everybody`;
        const trustee = nameOf(decided.ace.sid);
        const through = decided.ace.sid === who.sid ? '' : ` through ${trustee}`;
        return `${on.name} lists ${who.name}${through} (entry ${decided.index + 1})`;
      },
      skip: () => 'not needed: KCD allows the hop',
      fail: (facts, decided, nameOf) =>
        typeof decided === 'object'
          ? `${facts.target.name} denies ${facts.middle.name}: entry ${decided.index + 1} denies ` +
            nameOf(decided.ace.sid)
          : whyNotGranted(facts, nameOf),
    },
    forwardable: {
      rule: rbcd,
      subject: ticket,
      pass: () => 'the evidence ticket is forwardable',
      info: () => 'the evidence ticket is not forwardable, which the setting legacy lets pass',
      fail: notForwardable,
    },
  };
}

type AccountId =
  | 'middle-state'
  | 'user-state'
  | 'target-state'
  | 'authentication-policy'
  | 'selective-authentication';

function accountRules(): Record<AccountId, Text> {
  const state = 'MS-KILE 3.3.5.7.1';
  return {
    'middle-state': {
      rule: state,
      subject: middle,
      pass: (facts) => `${facts.middle.name} ${stateText(facts.middle.state)}`,
    },
    'user-state': {
      rule: state,
      subject: user,
      pass: ({ user: { name, place, state: now } }) => {
        if (place === 'unknown') return `${name} is not in this realm any more`;
        return `${name} ${passedStateText(place === 'local' ? now : 'elsewhere')}`;
      },
      fail: ({ user: { name, place, state: now } }) => {
        if (place === 'unknown') return `${name} is not in this realm any more`;
        if (now === 'password-expired') return `the password of ${name} has expired`;
        return now === 'password-must-change'
          ? `${name} must change the password first`
          : `${name} ${stateText(now)}`;
      },
    },
    'target-state': {
      rule: state,
      subject: target,
      pass: (facts) => `${facts.target.name} takes tickets`,
      fail: (facts) => `${facts.target.name} ${stateText(facts.target.state)}`,
    },
    'authentication-policy': {
      rule: 'MS-KILE 3.3.5.7',
      subject: target,
      pass: (facts) =>
        `the authentication policy of ${facts.target.name} admits ${facts.middle.name}`,
      skip: (facts, why) =>
        why === 'self'
          ? `${facts.target.name} may always get tickets to itself`
          : `${facts.target.name} has no authentication policy`,
      info: (facts, _, nameOf) => `${whyNotAdmitted(facts, nameOf)}; it is not enforced`,
      fail: (facts, _, nameOf) => whyNotAdmitted(facts, nameOf),
    },
    'selective-authentication': {
      rule: 'MS-KILE 3.3.5.7',
      subject: target,
      pass: (facts) => `${facts.user.name} is allowed to authenticate to ${facts.target.name}`,
      skip: () => 'no selective trust was crossed',
      fail: (facts) => `${facts.user.name} is not allowed to authenticate to ${facts.target.name}`,
    },
  };
}
