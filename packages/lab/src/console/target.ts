import { isCredential } from '@doublehop/powershell/commands/convert-argument';
import { failure } from '@doublehop/powershell/commands/command';
import { PsObject, type PsValue, SecureText } from '@doublehop/powershell/objects/value';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';

/** `-Authentication` (AuthenticationMechanism), as far as the client has it. */
export const AUTHENTICATIONS = ['Default', 'Kerberos', 'Negotiate', 'CredSSP', 'Basic'] as const;

export type Authentication = (typeof AUTHENTICATIONS)[number];

/** A user with a password, as Get-Credential makes it. */
export interface PersonCredential {
  /** `CONTOSO\alice`, `alice@contoso.com` or `alice`. */
  readonly user: string;
  readonly password: SecureText;
}

/** Which computer is meant, and how to get in. */
export interface RemoteTarget {
  /** As the caller wrote it. */
  readonly computer: string;
  readonly authentication: Authentication;
  /** Without: whoever sits at the console. */
  readonly credential?: PersonCredential;
  /** Session configuration. */
  readonly configuration?: string;
  readonly useSsl: boolean;
  readonly port?: number;
}

/** Opens a session, as a console can. Throws RemotingError, KerberosError or LabError. */
export type Connect = (target: RemoteTarget) => Promise<RemoteSession>;

/** The two parts of a PSCredential. Throws CommandFailure for what is none. */
export function credentialOf(value: PsValue): PersonCredential {
  if (isCredential(value)) {
    const user = value.get('UserName');
    const password = value.get('Password');
    if (typeof user === 'string' && password instanceof SecureText) return { user, password };
  }
  throw failure(
    'This is no credential: make one with Get-Credential.',
    'NoCredential',
    'InvalidArgument',
  );
}

/** The password of a user, from a prompt or a file; undefined: nobody can be asked. */
export type AskPassword = (user: string) => Promise<SecureText | undefined>;

/** A PSCredential as it is; of a name, with the password that is asked for. */
export async function personOf(
  value: PsValue,
  askPassword: AskPassword | undefined,
): Promise<PersonCredential> {
  return typeof value === 'string' ? await askedPerson(value, askPassword) : credentialOf(value);
}

/** A user whose password is asked for. Throws CommandFailure where it cannot be had. */
export async function askedPerson(
  user: string,
  askPassword: AskPassword | undefined,
): Promise<PersonCredential> {
  const password = await askPassword?.(user);
  if (password !== undefined) return { user, password };
  throw failure(
    `The password of ${user} is not known, and nobody can be asked for it.`,
    'NoPassword',
    'AuthenticationError',
    user,
  );
}

/** A PSCredential. */
export function credentialObject({ user, password }: PersonCredential): PsObject {
  return new PsObject({
    typeNames: ['System.Management.Automation.PSCredential', 'System.Object'],
    text: 'System.Management.Automation.PSCredential',
    adapted: { UserName: user, Password: password },
  });
}

/** `CONTOSO\alice`: domain and name; without a domain it is empty. */
export function splitUser(user: string): { readonly domain: string; readonly name: string } {
  const at = user.indexOf('\\');
  return { domain: at < 0 ? '' : user.slice(0, at), name: user.slice(at + 1) };
}
