import {
  type Command,
  CommandFailure,
  type Invocation,
} from '@doublehop/powershell/commands/command';
import { asList } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject } from '@doublehop/powershell/objects/value';
import { isAdministrator } from '../hosts/local-groups.ts';
import type { HostSession } from '../sessions/host-session.ts';

type Run = Invocation<HostSession>;

const MODULE = 'Microsoft.PowerShell.LocalAccounts';
const GROUP = { name: 'Group', type: 'string', position: 0, mandatory: true } as const;
const MEMBER = {
  name: 'Member',
  type: 'string',
  many: true,
  position: 1,
  mandatory: true,
} as const;

/**
 * Who is in the host's group Administrators, which is the one that counts here: to let in a
 * computer that runs virtual accounts, for one. A member that is added counts from the next logon
 * on.
 */
export const GROUP_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'Get-LocalGroupMember',
    synopsis: 'Gets members from a local group.',
    module: MODULE,
    outputTypes: ['Microsoft.PowerShell.Commands.LocalPrincipal'],
    parameters: [GROUP],
    run: async (run) => {
      needGroup(run, 'Get-LocalGroupMember');
      for (const name of run.session.host.localGroups.administrators()) {
        await run.streams.output(memberObject(name));
      }
    },
  },
  {
    name: 'Add-LocalGroupMember',
    synopsis: 'Adds members to a local group.',
    module: MODULE,
    parameters: [GROUP, MEMBER],
    run: async (run) => {
      const { localGroups } = needRight(run, 'Add-LocalGroupMember');
      for (const name of membersOf(run)) localGroups.addAdministrator(name);
      await localGroups.saved;
    },
  },
  {
    name: 'Remove-LocalGroupMember',
    synopsis: 'Removes members from a local group.',
    module: MODULE,
    parameters: [GROUP, MEMBER],
    run: async (run) => {
      const { localGroups } = needRight(run, 'Remove-LocalGroupMember');
      for (const name of membersOf(run)) {
        if (localGroups.removeAdministrator(name)) continue;
        await run.streams.error(notAMember(name));
      }
      await localGroups.saved;
    },
  },
];

function membersOf({ bound }: Run): readonly string[] {
  return asList(bound['Member'] ?? null).map(toText);
}

function memberObject(name: string): PsObject {
  const isGroup = name.endsWith('\\Domain Admins');
  return new PsObject({
    typeNames: ['Microsoft.PowerShell.Commands.LocalPrincipal', 'System.Object'],
    text: name,
    properties: {
      ObjectClass: isGroup ? 'Group' : 'User',
      Name: name,
      PrincipalSource: 'ActiveDirectory',
    },
  });
}

function needGroup({ bound }: Run, activity: string): void {
  const group = toText(bound['Group'] ?? '');
  if (group.toLowerCase().replace(/^builtin\\/u, '') === 'administrators') return;
  throw new CommandFailure({
    message: `Group ${group} was not found.`,
    errorId: `GroupNotFound,Microsoft.PowerShell.Commands.${activity.replace('-', '')}Command`,
    category: 'ObjectNotFound',
    exceptionType: 'Microsoft.PowerShell.Commands.GroupNotFoundException',
    activity,
    target: group,
  });
}

function needRight(run: Run, activity: string): HostSession['host'] {
  needGroup(run, activity);
  const { token, host } = run.session;
  if (isAdministrator(token)) return host;
  throw new CommandFailure({
    message: 'Access denied.',
    errorId: `AccessDenied,Microsoft.PowerShell.Commands.${activity.replace('-', '')}Command`,
    category: 'PermissionDenied',
    exceptionType: 'Microsoft.PowerShell.Commands.AccessDeniedException',
    activity,
    target: null,
  });
}

function notAMember(name: string): CommandFailure['record'] {
  return {
    message: `Member ${name} was not found in group Administrators.`,
    errorId: 'MemberNotFound,Microsoft.PowerShell.Commands.RemoveLocalGroupMemberCommand',
    category: 'ObjectNotFound',
    exceptionType: 'Microsoft.PowerShell.Commands.MemberNotFoundException',
    activity: 'Remove-LocalGroupMember',
    target: name,
  };
}
