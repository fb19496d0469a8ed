import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata, type MethodData, type PaData } from '@doublehop/kerberos/messages/common';
import { PaPacOptions } from '@doublehop/kerberos/messages/padata';
import { decodeDer } from '@doublehop/wire/der';

/**
 * PA-PAC-OPTIONS goes back as it came where it asked for anything: the client learns that the KDC
 * understood (MS-KILE 3.3.5.6.4, 3.3.5.7). Throws WireError.
 */
export function answeredPacOptions(padata: readonly PaData[] | undefined): MethodData {
  const padataValue = findPadata(padata, PaType.PAC_OPTIONS);
  if (padataValue === undefined || decodeDer(PaPacOptions, padataValue).flags === 0) return [];
  return [{ padataType: PaType.PAC_OPTIONS, padataValue }];
}
