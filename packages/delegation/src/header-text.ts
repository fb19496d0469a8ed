import type { S4U2ProxyFacts, S4U2SelfFacts } from './facts.ts';
import type { RuleText } from './rule-text.ts';
import type { SharedCheckId } from './shared-checks.ts';
import { pacFault } from './why.ts';

type Facts = S4U2SelfFacts | S4U2ProxyFacts;
type HeaderId = Extract<SharedCheckId, `header-${string}`>;

/** The header ticket as a subject. */
export const tgt = ({ middle }: Facts): string => `the TGT of ${middle.name}`;

/** The words of the checks of a header ticket, which are the same for both requests. */
export const HEADER_RULES: Readonly<Record<HeaderId, RuleText<Facts>>> = {
  'header-pac': {
    rule: 'MS-PAC 2.8.4',
    subject: tgt,
    pass: (facts) => `${tgt(facts)} has a signed PAC`,
    fail: (facts) => `${tgt(facts)} ${pacFault(facts.header.pac)}`,
  },
  'header-requester': {
    rule: 'MS-KILE 3.3.5.7',
    subject: tgt,
    pass: (facts) => `${tgt(facts)} was made for this very account`,
    fail: (facts, found) =>
      found === 'absent'
        ? `${tgt(facts)} does not say which account asked for it`
        : `${tgt(facts)} was made for another account`,
  },
  'header-client': {
    rule: 'MS-PAC 2.7',
    subject: tgt,
    pass: (facts) => `the PAC in ${tgt(facts)} is about ${facts.middle.name}`,
    fail: (facts) => `the PAC in ${tgt(facts)} is about somebody else`,
  },
};
