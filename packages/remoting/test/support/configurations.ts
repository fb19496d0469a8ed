import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { SecureText } from '@doublehop/powershell/objects/value';
import {
  type ConfigurationOptions,
  openConfiguration,
} from '@doublehop/remoting/configurations/open-configuration';
import type { Registration } from '@doublehop/remoting/configurations/registration';
import type { LoggedOn } from '@doublehop/remoting/configurations/session-identities';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import type { ShellOwner } from '@doublehop/remoting/wsman/shell-backend';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { onTestFinished } from 'vitest';
import { COMMANDS, type TestSession } from './endpoint.ts';

export const caller: ShellOwner = { name: 'CONTOSO\\alice', sid: 'S-1-5-21-1-2-3-1104' };

export const opening = { caller, shellId: 'A', clientIp: '10.0.0.1' };

/** Commands of a computer on which roles are tried. */
export const allCommands: readonly Command<TestSession>[] = [
  ...COMMANDS,
  {
    name: 'Restart-Service',
    synopsis: 'Says what it would restart.',
    module: 'Microsoft.PowerShell.Management',
    parameters: [
      { name: 'Name', type: 'string', position: 0 },
      { name: 'Force', type: 'switch' },
      { name: 'Reason', type: 'string' },
    ],
    run: async ({ bound, streams }) => streams.output(`restarted ${toText(bound['Name'] ?? null)}`),
  },
  ...builtinCommands<TestSession>(() => COMMANDS),
];

export interface Trial {
  readonly configuration: EndpointConfiguration<ShellOwner, TestSession>;
  /** What was asked of the computer, in order. */
  readonly asked: string[];
  readonly log: string[];
}

export interface TrialOptions extends Partial<ConfigurationOptions<ShellOwner, TestSession>> {
  readonly pssc?: string;
  readonly sids?: readonly Sid[];
  readonly groups?: readonly string[];
  readonly of?: Partial<Registration>;
  /** Accounts that are not logged on. */
  readonly refused?: readonly string[];
}

/** A configuration on a computer that notes what is asked of it. */
export function trial(options: TrialOptions = {}): Trial {
  const asked: string[] = [];
  const log: string[] = [];
  const { pssc, sids = [wellKnown.builtinAdministrators], groups = [], of, refused = [] } = options;
  const logOn = (user: string): LoggedOn<TestSession> => {
    asked.push(`log on ${user}`);
    if (refused.includes(user)) throw new Error('the password is wrong');
    return { session: { user }, user, close: () => void asked.push(`log off ${user}`) };
  };
  const { pssc: _1, sids: _2, groups: _3, of: _4, refused: _5, ...rest } = options;
  const configuration = openConfiguration<ShellOwner, TestSession>({
    registration: {
      name: 'Trial',
      ...(pssc !== undefined && { file: { path: '/etc/trial.pssc', text: pssc } }),
      modulePath: [],
      isEnabled: true,
      ...of,
    },
    allCommands,
    identities: {
      token: () => ({ sids: new Set(sids) }),
      memberOf: (_caller, group) => {
        asked.push(`is in ${group}`);
        return groups.includes(group);
      },
      asCaller: async () => logOn(caller.name),
      asRunAs: async (_opening, user, password) => {
        asked.push(`password ${password.revealText()}`);
        return logOn(user);
      },
      asVirtualAccount: async (_opening, names) => logOn(['virtual', ...names].join(' ')),
      asManagedAccount: async (_opening, name) => logOn(name),
    },
    runAsPassword: async () => SecureText.of('sealed away'),
    log: (line) => log.push(line),
    ...rest,
  });
  return { configuration, asked, log };
}

/** A folder with those files. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'modules-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}
