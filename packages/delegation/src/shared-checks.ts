import type { CheckSink } from './decision.ts';
import type {
  AccountState,
  DelegationSettings,
  HeaderFacts,
  PacFact,
  PacSignature,
  SignatureFault,
  UserFacts,
} from './facts.ts';
import type { Reason, Refusal } from './refusals.ts';

/** Checks that S4U2Self and S4U2Proxy have in common. */
export type SharedCheckId =
  | 'options'
  | 'header-pac'
  | 'header-requester'
  | 'header-client'
  | 'middle-state'
  | 'user-state';

/** No option that excludes delegation (MS-SFU 3.1.5.1.1, 3.1.5.2.1; RFC 4120 §3.3.3). */
export function checkOptions(conflicting: readonly string[], to: CheckSink<'options'>): boolean {
  const [first] = conflicting;
  if (first === undefined) return to.pass('options');
  return to.fail('options', 'conflicting-options', first);
}

/** The header ticket has a PAC whose server signature holds (MS-KILE 3.3.5.7, MS-PAC 2.8.4). */
export function checkHeaderPac(header: HeaderFacts, to: CheckSink<SharedCheckId>): boolean {
  return checkPac('header-pac', header.pac, 'header', to) && checkRequester(header, to);
}

/**
 * A ticket's PAC. `status` is the NTSTATUS of a refusal where it differs from the usual one.
 */
export function checkPac<Id extends 'header-pac' | 'evidence-pac'>(
  id: Id,
  pac: PacFact,
  ticket: 'header' | 'evidence',
  to: CheckSink<Id>,
  status?: Refusal['status'],
): boolean {
  if (pac === 'valid') return to.pass(id);
  if (pac === 'assumed') return to.assume(id);
  if (typeof pac === 'string') return to.fail(id, `${ticket}-pac-${pac}`, pac, status);
  const { signature, fault } = pac;
  // The others are made with the krbtgt key too, but prove nothing more about a TGT.
  if (ticket === 'header' && signature !== 'server' && fault !== 'absent') {
    return to.pass(id, signature);
  }
  const reason: Reason =
    ticket === 'evidence' && fault === 'absent'
      ? absentFromEvidence(signature)
      : `${ticket}-signature-${signature === 'server' ? fault : ofKdc(fault)}`;
  return to.fail(id, reason, signature, status);
}

/** To a signature by the KDC a type that it does not use is as one without a key. */
function ofKdc(fault: SignatureFault): SignatureFault {
  return fault === 'unsupported' ? 'unkeyed' : fault;
}

/**
 * What only the KDC can make and a middle could leave out: without the ticket signature it changes
 * flags (CVE-2020-17049), without the extended one the PAC (CVE-2022-37967, KB5020805).
 */
function absentFromEvidence(signature: PacSignature): Reason {
  if (signature === 'ticket') return 'evidence-ticket-signature-absent';
  return signature === 'full' ? 'evidence-full-signature-absent' : 'evidence-signature-absent';
}

/** PAC_REQUESTER must be in a TGT and be its client's SID (MS-KILE 3.3.5.7, CVE-2021-42287). */
function checkRequester(header: HeaderFacts, to: CheckSink<'header-requester'>): boolean {
  const { requester } = header;
  if (requester === 'matches') return to.pass('header-requester');
  if (requester === 'assumed') return to.assume('header-requester');
  return to.fail('header-requester', `header-requester-${requester}`, requester);
}

/** The middle may be used now (MS-KILE 3.3.5.7.1). Its password's age was its AS-REQ's matter. */
export function checkMiddleState(state: AccountState, to: CheckSink<'middle-state'>): boolean {
  const bar = barOf(state);
  if (bar !== undefined) return to.fail('middle-state', `middle-${bar}`, state);
  return state === 'elsewhere' ? to.skip('middle-state', state) : to.pass('middle-state', state);
}

/**
 * The user may be used now (MS-KILE 3.3.5.7.1). An expired password or one that must be changed
 * is no obstacle: delegation is not a logon with a password.
 */
export function checkUserState(user: UserFacts, to: CheckSink<'user-state'>): boolean {
  if (user.place === 'unknown') return to.fail('user-state', 'user-unknown', user.place);
  if (user.place === 'elsewhere') return to.skip('user-state', user.place);
  const bar = barOf(user.state);
  if (bar !== undefined) return to.fail('user-state', `user-${bar}`, user.state);
  return to.pass('user-state', user.state);
}

/** The user as somebody acts for it: some KDCs do not ask for the hours then. */
export function checkActedFor(
  user: UserFacts,
  { anyHour }: DelegationSettings,
  to: CheckSink<'user-state'>,
): boolean {
  const atWrongHour = user.place === 'local' && user.state === 'outside-logon-hours';
  if (atWrongHour && anyHour === true) return to.pass('user-state', user.state);
  return checkUserState(user, to);
}

const BARS = ['disabled', 'locked', 'expired', 'outside-logon-hours'] as const;

/** The state, if it is one that keeps a client from getting tickets. */
function barOf(state: AccountState): (typeof BARS)[number] | undefined {
  return BARS.find((bar) => bar === state);
}
