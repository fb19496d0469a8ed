import { accessCheck, type Token } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { FILE_ALL, mapFileRights, READ_ONLY } from '../messages/constants.ts';

/** What everybody may who has a share without a descriptor, and no file has another. */
export const EVERYBODY_READS: SecurityDescriptor = parseSddl('O:BAG:BAD:(A;;0x1200a9;;;WD)');

/** The rights of files that a descriptor gives (MS-SMB2 3.3.5.9): generic ones taken apart. */
export function rightsOf(descriptor: SecurityDescriptor, token: Token): number {
  const mapped = withFileRights(descriptor);
  let rights = 0;
  for (let right = 1; right <= FILE_ALL; right *= 2) {
    if ((FILE_ALL & right) === 0) continue;
    if (accessCheck(mapped, token, right, { ownerRights: true }).granted) rights |= right;
  }
  return rights;
}

/** The rights in a share, which lets nobody write. */
export function shareRights(descriptor: SecurityDescriptor | undefined, token: Token): number {
  return rightsOf(descriptor ?? EVERYBODY_READS, token) & READ_ONLY;
}

function withFileRights(descriptor: SecurityDescriptor): SecurityDescriptor {
  const { dacl } = descriptor;
  if (dacl === undefined || dacl === 'null') return descriptor;
  const aces = dacl.aces.map((ace) => ({ ...ace, mask: mapFileRights(ace.mask) }));
  return { ...descriptor, dacl: { ...dacl, aces } };
}
