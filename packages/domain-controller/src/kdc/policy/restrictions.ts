import { evaluatePolicy, type PolicyFacts } from '@doublehop/delegation/policy';
import type { Account } from '@doublehop/directory/account';
import type { Token } from '@doublehop/security/access-check';
import { onDevice } from '@doublehop/security/pac/token';
import { Refused } from '../../errors.ts';
import { deviceOf } from '../claims/device.ts';
import type { KdcContext } from '../context.ts';
import type { KdcCall } from '../request.ts';
import type { AccountPolicy, PolicyDescriptor } from './policies.ts';

/** Seconds for which TGTs of a client live by its policy; undefined where none says so. */
export function policyLife(client: Account, { policies }: KdcContext): number | undefined {
  const policy = policies?.of(client);
  if (policy?.enforced !== true || policy.tgtLife === undefined) return undefined;
  if (policy.tgtLife <= 0) {
    const status = 'STATUS_TIME_DIFFERENCE_AT_DC';
    throw new Refused('KDC_ERR_NEVER_VALID', 'client-policy-life', { status });
  }
  return policy.tgtLife;
}

/**
 * AllowedToAuthenticateFrom: the client may log on at this device, which the armor names (MS-KILE
 * 3.3.5.6). Asked before the password is, as on Windows.
 */
export function requireAllowedFrom(client: Account, call: KdcCall, context: KdcContext): void {
  const policy = context.policies?.of(client);
  if (policy?.allowedFrom === undefined) return;
  const facts = policyFacts(policy, policy.allowedFrom);
  const device = deviceOf(call);
  if (device === undefined) {
    // Without armor nobody knows the device.
    if (policy.enforced) {
      const status = 'STATUS_INVALID_WORKSTATION';
      throw new Refused('KDC_ERR_POLICY', 'client-device-unknown', { status });
    }
    call.record.policyAudited = 'client-device-unknown';
    return;
  }
  // What the device's TGT claims of it is what `@User.` asks about: the device is who asks.
  const { finding, status } = evaluatePolicy(facts, device.groupedToken(context.accounts));
  if (finding === 'audits') call.record.policyAudited = 'client-device-policy';
  if (finding !== 'refuses') return;
  if (status === 'STATUS_INVALID_PARAMETER') {
    throw new Refused('KRB_ERR_GENERIC', 'client-policy-invalid', {
      status: 'STATUS_UNSUCCESSFUL',
    });
  }
  throw new Refused('KDC_ERR_POLICY', 'client-device-policy', {
    status: 'STATUS_INVALID_WORKSTATION',
  });
}

/**
 * AllowedToAuthenticateTo: the client may get tickets to this server (MS-KILE 3.3.5.6, 3.3.5.7).
 * To itself everybody may. `token` tells who asks, and is only called where a policy applies.
 */
export function requireAllowedTo(
  server: Account,
  client: Account,
  token: () => Token,
  call: KdcCall,
  context: KdcContext,
): void {
  const policy = targetPolicy(server, context);
  if (policy === undefined || server.id === client.id) return;
  const { finding, status } = evaluatePolicy(policy, withDevice(token(), call, context));
  if (finding === 'audits') call.record.policyAudited = 'target-authentication-policy';
  if (finding === 'refuses') {
    throw new Refused('KDC_ERR_POLICY', 'target-authentication-policy', { status });
  }
}

/** AllowedToAuthenticateTo of the policy of a server, as delegation rules ask for it. */
export function targetPolicy(server: Account, { policies }: KdcContext): PolicyFacts | undefined {
  const policy = policies?.of(server);
  if (policy?.allowedTo === undefined) return undefined;
  return policyFacts(policy, policy.allowedTo);
}

/** Who asks, with the device where the request is armored by its TGT (MS-KILE 3.3.5.7.4). */
export function withDevice(token: Token, call: KdcCall, context: KdcContext): Token {
  const device = deviceOf(call);
  return device === undefined ? token : onDevice(token, device.groupedToken(context.accounts));
}

function policyFacts(
  { name, silo, enforced }: AccountPolicy,
  descriptor: PolicyDescriptor,
): PolicyFacts {
  return { name, enforced, descriptor, ...(silo === undefined ? {} : { silo }) };
}
