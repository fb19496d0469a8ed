import { accessCheck, type Token } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { wellKnown } from '@doublehop/security/well-known-sids';

const GENERIC_ALL = 0x1000_0000;
/** Invoke: what opening a shell asks of a WinRM plug-in's descriptor. */
const GENERIC_EXECUTE = 0x2000_0000;

/**
 * Whether a descriptor lets a caller open a session. Who comes by WinRM is in NETWORK besides
 * (MS-DTYP 2.4.2.4), and what is denied to it is denied to all of them: so
 * Disable-PSRemoting keeps others out.
 */
export function mayOpen(sddl: string, { sids, ...token }: Token): boolean {
  const caller = { ...token, sids: new Set([...sids, wellKnown.network]) };
  return accessCheck(mapped(parseSddl(sddl)), caller, GENERIC_EXECUTE).granted;
}

/** All rights have the one to invoke among them (generic mapping, MS-DTYP 2.4.3). */
function mapped(descriptor: SecurityDescriptor): SecurityDescriptor {
  const { dacl } = descriptor;
  if (dacl === undefined || dacl === 'null') return descriptor;
  const aces = dacl.aces.map((ace) =>
    (ace.mask & GENERIC_ALL) === 0 ? ace : { ...ace, mask: (ace.mask | GENERIC_EXECUTE) >>> 0 },
  );
  return { ...descriptor, dacl: { ...dacl, aces } };
}
