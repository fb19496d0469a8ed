import type { Evidence } from './decision.ts';
import type { S4U2SelfFacts } from './facts.ts';
import { HEADER_RULES, tgt } from './header-text.ts';
import { type RuleText, evidenceText } from './rule-text.ts';
import type { S4U2SelfCheckId } from './s4u2self.ts';
import { passedStateText, stateText } from './why.ts';

type Facts = S4U2SelfFacts;

const request = (): string => 'the request';
const middle = (facts: Facts): string => facts.middle.name;
const user = (facts: Facts): string => facts.user.name;
const server = (facts: Facts): string => facts.server.name;

/** The words of every S4U2Self check. */
export const SELF_RULES: Readonly<Record<S4U2SelfCheckId, RuleText<Facts>>> = {
  'self-checksum': {
    rule: 'MS-SFU 2.2.2',
    subject: request,
    pass: () => 'the name of the user is protected by a checksum that verifies',
    fail: ({ request: { checksum } }) =>
      checksum === 'unkeyed'
        ? 'the name of the user is protected by a checksum without a key'
        : 'the checksum over the name of the user does not verify',
  },
  'self-nonce': {
    rule: 'MS-SFU 2.2.2',
    subject: request,
    pass: () => 'the part that names the user belongs to this request',
    fail: () => 'the part that names the user belongs to another request',
  },
  'self-user-named': {
    rule: 'MS-SFU 2.2.2',
    subject: request,
    pass: (facts) => `the request is about ${facts.user.name}`,
    fail: () => 'the request names no user and has no certificate',
  },
  options: {
    rule: 'MS-SFU 3.2.5.1',
    subject: request,
    pass: () => 'every option of the request is one that an AS request may have',
    fail: (_, option) => `the option ${evidenceText(option)} does not go together with S4U2Self`,
  },
  'server-found': {
    rule: 'RFC 4120 §3.3.3',
    subject: server,
    pass: (facts) => `${facts.server.name} is known`,
    fail: (facts) => `no account has the name ${facts.server.name}`,
  },
  'server-is-self': {
    rule: 'MS-SFU 3.2.5.1.2',
    subject: server,
    pass: (facts) => `${facts.server.name} is ${facts.middle.name} itself`,
    skip: (facts) => `${facts.server.name} is of another realm, whose KDC compares`,
    fail: (facts) => `${facts.middle.name} asked for ${facts.server.name}, which is not itself`,
  },
  'server-named': {
    rule: 'MS-KILE 3.3.5.7',
    subject: middle,
    pass: (facts) => `tickets to ${facts.middle.name} are sealed with its key`,
    fail: (facts) =>
      `${facts.middle.name} is a user without an SPN, so that nobody gets tickets to it`,
  },
  shape: {
    rule: 'MS-SFU 3.2.5.1',
    subject: request,
    pass: (_, shape) => `user, service and TGT go together (${evidenceText(shape)})`,
    fail: (facts, place) => shapeFault(facts, place),
  },
  certificate: {
    rule: 'MS-SFU 3.2.5.1',
    subject: request,
    pass: (facts) => `this KDC can tell who ${facts.user.name} is`,
    fail: () => 'a certificate alone does not tell this KDC who a user of another realm is',
  },
  ...HEADER_RULES,
  'header-user': {
    rule: 'MS-SFU 3.2.5.1',
    subject: tgt,
    pass: (facts) => `the referral was made for ${facts.user.name}`,
    fail: (facts) => `the referral was not made for ${facts.user.name}`,
  },
  'header-rodc': {
    rule: 'MS-KILE 3.3.5.7.7',
    subject: tgt,
    pass: (facts) => `${tgt(facts)} comes from a writable domain controller`,
    fail: ({ header: { rodc } }) => `the TGT comes from read-only domain controller ${rodc}`,
  },
  'middle-state': {
    rule: 'MS-KILE 3.3.5.7.1',
    subject: middle,
    pass: (facts) => `${facts.middle.name} ${stateText(facts.middle.state)}`,
  },
  'user-state': {
    rule: 'MS-KILE 3.3.5.7.1',
    subject: user,
    pass: ({ user: { name, place, state } }) => {
      if (place === 'unknown') return `there is no ${name} in this realm`;
      return `${name} ${passedStateText(place === 'local' ? state : 'elsewhere')}`;
    },
    fail: ({ user: { name, place, state } }) =>
      place === 'unknown' ? `there is no ${name} in this realm` : `${name} ${stateText(state)}`,
  },
  'forwardable-asked': {
    rule: 'MS-SFU 3.2.5.1.2',
    subject: request,
    pass: (_, asked) => askedText(asked),
  },
  'forwardable-user': {
    rule: 'MS-SFU 3.2.5.1.2',
    subject: user,
    pass: (facts, say) => `${facts.user.name} ${userText(say)}`,
  },
  'forwardable-middle': {
    rule: 'MS-SFU 3.2.5.1.2',
    subject: middle,
    pass: (facts, say) => `${facts.middle.name} ${middleText(say)}`,
  },
};

function shapeFault(facts: Facts, place: Evidence | undefined): string {
  if (place === 'referral') return `${facts.server.name} is not an account of this realm`;
  return place === 'elsewhere'
    ? `${facts.user.name} is a user of another realm, whose KDC must be asked first`
    : `${facts.user.name} is of this realm, and ${facts.middle.name} came through another`;
}

function askedText(asked: Evidence | undefined): string {
  if (asked === 'yes') return 'a forwardable ticket was asked for with a forwardable TGT';
  return asked === 'not-asked'
    ? 'the ticket is not forwardable: that was not asked for'
    : 'the ticket is not forwardable: the TGT is not';
}

function userText(say: Evidence | undefined): string {
  if (say === 'sensitive') return 'is sensitive and cannot be delegated (NOT_DELEGATED)';
  return say === 'protected-users'
    ? 'is a member of Protected Users, who cannot be delegated'
    : 'can be delegated';
}

function middleText(say: Evidence | undefined): string {
  if (say === 'transition')
    return 'has TRUSTED_TO_AUTH_FOR_DELEGATION, so it gets forwardable ones';
  if (say === 'no-list')
    return 'has no list in msDS-AllowedToDelegateTo, so it gets forwardable ones';
  return say === 'list'
    ? 'has a list in msDS-AllowedToDelegateTo without TRUSTED_TO_AUTH_FOR_DELEGATION'
    : `lacks TRUSTED_TO_AUTH_FOR_DELEGATION, which ${
        say === 'trusted' ? 'this KDC' : 'the setting legacy'
      } asks for`;
}
