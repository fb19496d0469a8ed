import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { AdType } from '@doublehop/kerberos/iana/padata-types';
import { AuthorizationData } from '@doublehop/kerberos/messages/common';

/** Where the PAC of a ticket stands: AD-WIN2K-PAC in the first AD-IF-RELEVANT (MS-PAC 2.1). */
export interface FoundPac {
  /** The PAC as it came. */
  readonly bytes: Uint8Array;
  /** The same authorization data with one zero byte for the PAC: what type 16 signs (2.8.2). */
  readonly blanked: AuthorizationData;
}

/** Finds the PAC. Throws WireError where an AD-IF-RELEVANT is not what it says. */
export function findPac(data: AuthorizationData | undefined): FoundPac | undefined {
  for (const [outer, { adType, adData }] of (data ?? []).entries()) {
    if (adType !== AdType.IF_RELEVANT) continue;
    const contents = decodeDer(AuthorizationData, adData);
    const inner = contents.findIndex((element) => element.adType === AdType.WIN2K_PAC);
    const pac = contents[inner];
    if (pac === undefined) continue;
    const blanked = contents.with(inner, { adType: AdType.WIN2K_PAC, adData: ZERO });
    return { bytes: pac.adData, blanked: (data ?? []).with(outer, relevant(blanked)) };
  }
  return undefined;
}

/**
 * What a ticket carries beside its PAC: restrictions that tickets made from it have to keep (RFC
 * 4120 §3.3.3). Throws WireError as `findPac` does.
 */
export function besidePac(data: AuthorizationData | undefined): AuthorizationData {
  return (data ?? []).filter((element) => findPac([element]) === undefined);
}

/** Authorization data with a PAC, and what else goes into the ticket beside it. */
export function withPac(pac: Uint8Array, others: AuthorizationData = []): AuthorizationData {
  return [relevant([{ adType: AdType.WIN2K_PAC, adData: pac }]), ...others];
}

/** Authorization data with the zero byte that stands for the PAC while type 16 is made. */
export function withBlankPac(others: AuthorizationData = []): AuthorizationData {
  return withPac(ZERO, others);
}

const ZERO = new Uint8Array(1);

function relevant(contents: AuthorizationData): AuthorizationData[number] {
  const size = contents.reduce((sum, { adData }) => sum + adData.length + ELEMENT, ELEMENT);
  return { adType: AdType.IF_RELEVANT, adData: encodeDer(AuthorizationData, contents, size) };
}

/** At least what headers and type of one element take. */
const ELEMENT = 32;
