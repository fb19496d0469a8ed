import type { Evidence } from '@doublehop/kerberos/client/s4u2proxy';
import type { KeyBlock } from '@doublehop/kerberos/credentials';
import type { SecureText } from '@doublehop/powershell/objects/value';

/**
 * What a host holds of whoever a session runs as: it alone decides what the session may get
 * tickets with. How it came about:
 *
 * | kind | first hop, or configuration |
 * | --- | --- |
 * | `none` | NTLM: nothing that could be passed on |
 * | `evidence` | Kerberos: the ticket to this host |
 * | `forwarded-tgt` | Kerberos with a TGT in the authenticator (RFC 4121 §4.1.1) |
 * | `password` | CredSSP, Basic: the user's password |
 * | `run-as` | a configuration with a stored password |
 * | `gmsa` | a configuration with a group managed service account |
 * | `machine` | a virtual account: on the network the computer itself |
 *
 * Tickets and keys of all but the first two are with the host's LSA, under the session's LUID.
 */
export type SessionCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'forwarded-tgt' }
  | { readonly kind: 'password'; readonly password: SecureText }
  | { readonly kind: 'run-as'; readonly password: SecureText }
  | { readonly kind: 'gmsa'; readonly keys: readonly KeyBlock[] }
  | { readonly kind: 'machine' };

/**
 * Who asks for a ticket. `redirector`: the kernel's SMB client, and RPC over named pipes, whose
 * tickets the LSA gets; `in-session`: a program that runs as the user, such as the client of WinRM.
 */
export type CallerKind = 'redirector' | 'in-session';

/** How a host treats the second hop. */
export interface SecondHopSettings {
  /**
   * What the broker uses as evidence. Windows gets a ticket by S4U2Self anew; `received` takes the
   * one that the user came with, as MS-SFU 1.3.2 describes.
   */
  readonly evidence: 's4u2self' | 'received';
  /** Not as Windows: programs in a session may have the broker's tickets too. */
  readonly brokerForPrograms: boolean;
}

/** As Windows does. */
export const WINDOWS_SECOND_HOP: SecondHopSettings = {
  evidence: 's4u2self',
  brokerForPrograms: false,
};

/** Overwrites what is secret. */
export function wipeCredential(credential: SessionCredential): void {
  if (credential.kind === 'password' || credential.kind === 'run-as') credential.password.wipe();
  if (credential.kind === 'gmsa') for (const { bytes } of credential.keys) bytes.fill(0);
}
