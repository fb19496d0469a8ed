import {
  conformantArray,
  decodeNdr,
  encodeNdr,
  pointer,
  struct,
  u32,
  unicodeString,
} from '@doublehop/wire/ndr';
import { SecurityError } from '../errors.ts';
import { MAX_PAC_LIST } from '../limits.ts';
import { readingNdr } from './ndr-fault.ts';

/** S4U_DELEGATION_INFO (MS-PAC 2.9): buffer 11 of a PAC. */
export interface DelegationInfo {
  /** The target: its service name without a realm. */
  readonly proxyTarget: string;
  /** The middles the user came through, oldest first, each as `service/host@REALM`. */
  readonly transitedServices: readonly string[];
}

/** Reads buffer 11. */
export function decodeDelegationInfo(data: Uint8Array): DelegationInfo {
  return readingNdr('delegation-info', () => {
    const wire = decodeNdr(delegationInfo, data);
    const transitedServices = wire.transitedServices ?? [];
    if (transitedServices.length !== wire.transitedListSize) {
      throw new SecurityError('length', 'delegation-info', 'the list does not match its size');
    }
    return { proxyTarget: wire.proxyTarget, transitedServices };
  });
}

/** Writes buffer 11, strings with room for a terminator, as Windows does. */
export function encodeDelegationInfo(info: DelegationInfo): Uint8Array {
  const { proxyTarget, transitedServices } = info;
  return encodeNdr(delegationInfo, {
    proxyTarget,
    transitedListSize: transitedServices.length,
    transitedServices: transitedServices.length === 0 ? null : transitedServices,
  });
}

/**
 * What S4U2Proxy writes (MS-SFU 3.2.5.2.4): the new target, and the middle at the end of the
 * list that the evidence ticket brought along.
 */
export function extendDelegationInfo(
  previous: DelegationInfo | undefined,
  target: string,
  middle: string,
): DelegationInfo {
  return {
    proxyTarget: target,
    transitedServices: [...(previous?.transitedServices ?? []), middle],
  };
}

const name = unicodeString(1);

const delegationInfo = struct({
  proxyTarget: name,
  transitedListSize: u32,
  transitedServices: pointer(conformantArray(name, MAX_PAC_LIST)),
});
