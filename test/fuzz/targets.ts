import { messageTargets } from './targets/messages.ts';
import { fileTargets } from './targets/files.ts';
import { gssTargets } from './targets/gss.ts';
import { kdcTargets } from './targets/kdc.ts';
import { kpasswdTargets } from './targets/kpasswd.ts';
import { ldapTargets } from './targets/ldap.ts';
import { updateTargets } from './targets/updates.ts';
import { powershellTargets } from './targets/powershell.ts';
import { smbTargets } from './targets/smb.ts';
import { wireServiceTargets } from './targets/wire-services.ts';
import { remotingTargets } from './targets/remoting.ts';
import { remotingServiceTargets } from './targets/remoting-services.ts';
import { securityTargets } from './targets/security.ts';

/** One parser or server that takes octets of strangers. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are taken. */
  readonly seeds: readonly Uint8Array[];
  /** Takes an input; throws only what `refuses` names. */
  run(input: Uint8Array): void | Promise<void>;
  /** The layer's error classes. */
  readonly refuses: readonly (new (
    ...args: never[]
  ) => Error)[];
  /** Mutations at a time, where each takes long; absent: as many as usual. */
  readonly short?: number;
}

/** Every target. */
export async function allTargets(): Promise<readonly FuzzTarget[]> {
  return [
    ...(await kdcTargets()),
    ...(await kpasswdTargets()),
    ...(await messageTargets()),
    ...fileTargets(),
    ...gssTargets(),
    ...remotingTargets(),
    ...remotingServiceTargets(),
    ...securityTargets(),
    ...(await ldapTargets()),
    ...(await updateTargets()),
    ...powershellTargets(),
    ...smbTargets(),
    ...wireServiceTargets(),
  ];
}
