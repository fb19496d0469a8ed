import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';

/** What `$PSSenderInfo` tells. */
export interface Sender {
  /** Who called: `CONTOSO\alice`. */
  readonly connectedUser: string;
  /** Whom the session runs as. */
  readonly runAsUser: string;
  /** URL that the client used, where it is known. */
  readonly connectionString: string | undefined;
}

const NAMESPACE = 'System.Management.Automation.Remoting';

/** System.Management.Automation.Remoting.PSSenderInfo: it may be shown, and changes nothing. */
export function senderInfo({ connectedUser, runAsUser, connectionString }: Sender): PsObject {
  return object('PSSenderInfo', {
    ConnectedUser: connectedUser,
    RunAsUser: runAsUser,
    UserInfo: object('PSPrincipal', {
      Identity: object('PSIdentity', {
        AuthenticationType: 'Kerberos',
        IsAuthenticated: true,
        Name: connectedUser,
      }),
      WindowsIdentity: null,
    }),
    ClientTimeZone: null,
    ConnectionString: connectionString ?? null,
    ApplicationArguments: null,
  });
}

function object(type: string, adapted: Readonly<Record<string, PsValue>>): PsObject {
  const name = `${NAMESPACE}.${type}`;
  return new PsObject({ typeNames: [name, 'System.Object'], text: name, adapted });
}
