import type { SecureText } from '@doublehop/powershell/objects/value';
import type { Token } from '@doublehop/security/access-check';
import type { SessionOpening } from '../endpoint/endpoint-session.ts';
import type { ShellOwner } from '../wsman/shell-backend.ts';

/**
 * Whom a computer logs on for its session configurations. What the four logons give is closed by
 * who asked; what they throw is told to the client as a failed logon, unless it is a fault already.
 */
export interface SessionIdentities<C extends ShellOwner, S> {
  /** The caller's SIDs on this computer, its local groups among them. */
  token(caller: C): Token;
  /** Whether a caller is in a group or is that user: `CONTOSO\DnsAdmins`, `BUILTIN\Users`. */
  memberOf(caller: C, group: string): Promise<boolean> | boolean;
  /** The caller, with the credentials they came with. */
  asCaller(opening: SessionOpening<C>): Promise<LoggedOn<S>>;
  /** Another user by password, which is wiped when this returns. */
  asRunAs(opening: SessionOpening<C>, user: string, password: SecureText): Promise<LoggedOn<S>>;
  /**
   * A virtual account for this session: an administrator here, or a member of `groups` where some
   * are named; on the network it is the computer's account.
   */
  asVirtualAccount(opening: SessionOpening<C>, groups: readonly string[]): Promise<LoggedOn<S>>;
  /** A group managed service account, whose password this computer may retrieve. */
  asManagedAccount(opening: SessionOpening<C>, name: string): Promise<LoggedOn<S>>;
}

/** An account that was logged on for one session. */
export interface LoggedOn<S> {
  /** Given to every command. */
  readonly session: S;
  /** `CONTOSO\alice`. */
  readonly user: string;
  /** Logs it off and forgets what it held. */
  close(): Promise<void> | void;
}
