import type { FirstHopCheckId, FirstHopFacts } from './first-hop.ts';
import { evidenceText, type RuleText } from './rule-text.ts';
import { stateText } from './why.ts';

type Facts = FirstHopFacts;

const user = (facts: Facts): string => facts.user.name;
const server = (facts: Facts): string => facts.server.name;

/** The words of every check of the user's own ticket. */
export const FIRST_HOP_RULES: Readonly<Record<FirstHopCheckId, RuleText<Facts>>> = {
  'user-state': {
    rule: 'MS-KILE 3.3.5.6',
    subject: user,
    pass: ({ user: { name, place, state } }) => {
      if (place === 'unknown') return `there is no ${name} in this realm`;
      return `${name} ${stateText(place === 'local' ? state : 'elsewhere')}`;
    },
  },
  'user-password': {
    rule: 'MS-KILE 3.3.5.6',
    subject: user,
    pass: (facts) => `the password of ${facts.user.name} is not too old`,
    fail: (facts, state) =>
      state === 'password-expired'
        ? `the password of ${facts.user.name} has expired`
        : `${facts.user.name} must change the password first`,
  },
  'user-device': {
    rule: 'MS-KILE 3.3.5.6',
    subject: user,
    pass: ({ user: { name }, devicePolicy = '' }) =>
      `the policy ${devicePolicy} lets ${name} log on at this device`,
    skip: (facts) => `no policy says where ${facts.user.name} may log on`,
  },
  'server-found': {
    rule: 'RFC 4120 §3.3.3',
    subject: server,
    pass: (facts) => `${facts.server.name} is known`,
    fail: (facts) => `no account has the name ${facts.server.name}`,
  },
  'server-state': {
    rule: 'MS-KILE 3.3.5.7',
    subject: server,
    pass: (facts) => `${facts.server.name} takes tickets`,
    fail: (facts) => `${facts.server.name} is disabled, so that there are no tickets to it`,
  },
  'server-named': {
    rule: 'MS-KILE 3.3.5.7',
    subject: server,
    pass: (facts) => `tickets to ${facts.server.name} are sealed with its key`,
    fail: (facts) => `${facts.server.name} is a user without an SPN, which is no service`,
  },
  'server-policy': {
    rule: 'MS-KILE 3.3.5.7',
    subject: server,
    pass: ({ server: { name }, user: who }) =>
      `the authentication policy of ${name} admits ${who.name}`,
    skip: (facts) => `${facts.server.name} has no authentication policy`,
    info: ({ server: { name }, user: who }) =>
      `the authentication policy of ${name} does not admit ${who.name}; it is not enforced`,
    fail: ({ server: { name }, user: who }, policy) =>
      `the authentication policy ${evidenceText(policy)} of ${name} does not admit ${who.name}`,
  },
  'forwardable-asked': {
    rule: 'RFC 4120 §2.6',
    subject: user,
    pass: () => 'the client asks for forwardable tickets, as Windows always does',
    info: (_, asked) =>
      asked === true
        ? 'the TGT is forwardable'
        : 'the TGT is not forwardable: the client did not ask for that',
  },
  'forwardable-user': {
    rule: 'MS-KILE 3.3.5.6',
    subject: user,
    pass: ({ user: { name } }, say) => {
      if (say === 'sensitive') {
        return `${name} is sensitive and cannot be delegated (NOT_DELEGATED)`;
      }
      return say === 'protected-users'
        ? `${name} is a member of Protected Users, who cannot be delegated`
        : `${name} can be delegated`;
    },
  },
};
