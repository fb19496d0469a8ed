import { customObject, type PsValue } from '@doublehop/powershell/objects/value';
import type { Command } from '@doublehop/powershell/commands/command';
import type { View } from '@doublehop/powershell/format/view';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { accessDenied } from '@doublehop/remoting/wsman/faults';
import { fullName } from '../scenario.ts';
import type { Host } from '../hosts/host.ts';
import { isAdministrator } from '../hosts/local-groups.ts';
import type { HostSession } from '../sessions/host-session.ts';
import type { WinRmCaller } from './caller.ts';

/** What sessions of a host can do. */
export interface SessionTools {
  readonly commands: readonly Command<HostSession>[];
  readonly views: readonly View[];
}

/**
 * `Microsoft.PowerShell`: administrators may open it and run every command of the host. Its
 * language is PowerShell's RestrictedLanguage, and a block for Invoke-Command, which goes on to the
 * next host; what a client makes commands of needs no language.
 */
export function defaultConfiguration(
  host: Host,
  { commands, views }: SessionTools,
): EndpointConfiguration<WinRmCaller, HostSession> {
  return {
    name: 'Microsoft.PowerShell',
    open: async ({ caller }) => {
      if (!isAdministrator(host.tokenFor(caller.identity))) throw accessDenied();
      const session = await caller.logOn();
      return {
        session,
        commands,
        views,
        languageMode: 'Restricted',
        blockCommands: ['Invoke-Command', 'icm'],
        environment: (name) => environmentOf(host, session, name),
        variables: { PSSenderInfo: senderInfo(session) },
        close: () => session.logOff(),
      };
    },
  };
}

/** `$env:NAME` on a host. */
export function environmentOf(
  { name, scenario }: Host,
  { identity }: HostSession,
  variable: string,
): string | undefined {
  const user = identity.user.replace(/^.*\\/u, '');
  switch (variable.toUpperCase()) {
    case 'COMPUTERNAME':
      return name.toUpperCase();
    case 'USERNAME':
      return user;
    case 'USERDOMAIN':
      return scenario.netbiosName;
    case 'USERDNSDOMAIN':
      return scenario.dnsName.toUpperCase();
    case 'USERPROFILE':
      return `C:\\Users\\${user}`;
    case 'SYSTEMROOT':
    case 'WINDIR':
      return 'C:\\Windows';
    case 'SYSTEMDRIVE':
      return 'C:';
    case 'LOGONSERVER':
      return `\\\\${scenario.controller.toUpperCase()}`;
    case 'HOSTFQDN':
      return fullName(scenario, name);
    default:
      return undefined;
  }
}

/**
 * Who connected, and as whom the session runs (System.Management.Automation.Remoting.PSSenderInfo).
 */
export function senderInfo({ identity, connected }: HostSession): PsValue {
  return customObject({ ConnectedUser: connected.user, RunAsUser: identity.user });
}
