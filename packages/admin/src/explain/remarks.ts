import { hasControl } from '@doublehop/delegation/account-control';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { isDomainController } from '../account.ts';
import type { HopFacts } from './hop-facts.ts';
import { type Prediction, predictHop } from './predict.ts';

/** What else is to be known about a hop: sentences without a full stop. */
export function remarksOf(facts: HopFacts, prediction: Prediction): readonly string[] {
  return [
    ...nextObstacle(facts, prediction),
    ...otherEvidence(facts, prediction),
    ...targetRemarks(facts),
    ...middleRemarks(facts),
    ...domainRemarks(facts),
  ];
}

/** A KDC tells one reason at a time: a grant may only lead to the next. */
function nextObstacle(facts: HopFacts, { refusal, outcome }: Prediction): readonly string[] {
  const { party } = facts.target;
  if (outcome !== 'refused' || party === undefined) return [];
  if (refusal === undefined || !/^(?:rbcd|kcd)-/.test(refusal.reason)) return [];
  const account = { ...party.hop.account, allowedToAct: EVERYBODY };
  const granted = { ...party, hop: { ...party.hop, account } };
  const next = predictHop({ ...facts, target: { ...facts.target, party: granted } });
  if (next.refusal === undefined) return [];
  const why = next.stages.at(-1)?.decision.sentence ?? next.refusal.reason;
  return [`a grant alone is not enough: ${why}`];
}

/** A NULL DACL lets every middle act (MS-DTYP 2.4.6). */
const EVERYBODY = encodeDescriptor({ control: 0x8004, dacl: 'null' });

/**
 * A session by PowerShell remoting keeps no ticket of the user: the LSA makes the second hop by
 * protocol transition, whatever the user came with. Told where that has another end.
 */
function otherEvidence(facts: HopFacts, { outcome }: Prediction): readonly string[] {
  if (facts.evidence !== 'kerberos') return [];
  const other = predictHop({ ...facts, evidence: 'protocol-transition' });
  if (other.outcome === outcome) return [];
  return [
    'in a session by PowerShell remoting Windows goes the way of protocol transition: then this ' +
      `hop is ${other.outcome} (see --evidence protocol-transition)`,
  ];
}

function targetRemarks({ target: { spn, through, party } }: HopFacts): readonly string[] {
  if (party === undefined) return [];
  const { account } = party.hop;
  const found = through === spn ? [] : [`${spn} is found through ${through} (sPNMappings)`];
  if (!isDomainController(account)) return found;
  const { name } = account;
  return [
    ...found,
    `${name} is a domain controller: whoever acts for an administrator there is one`,
  ];
}

function middleRemarks({ middle }: HopFacts): readonly string[] {
  const { account } = middle.hop;
  const { name, userAccountControl } = account;
  if (isDomainController(account))
    return [`${name} is a domain controller: it may act for anybody`];
  if (!hasControl(userAccountControl, 'TRUSTED_FOR_DELEGATION')) return [];
  return [
    `${name} is trusted for delegation to any service: of users who send their TGT along it ` +
      'needs no permission at all',
  ];
}

function domainRemarks({ user, userName, acrossDomains, foreignUser }: HopFacts) {
  const remarks: string[] = [];
  if (user.policy === 'unread') {
    remarks.push(`the authentication policy of ${userName} cannot be read`);
  } else if (user.policy !== 'none' && user.policy.devices !== undefined) {
    remarks.push(
      `the authentication policy ${user.policy.devices} says at which devices ${userName} may ` +
        'log on: from which one the user comes was not looked at',
    );
  }
  if (acrossDomains || foreignUser) {
    remarks.push(
      'more than one domain takes part: that they trust each other, and in which way, was not ' +
        'looked at (MS-SFU 3.2.5.2: resource-based delegation alone crosses domains)',
    );
  }
  return remarks;
}
