import type { Command } from '@doublehop/powershell/commands/command';
import { PsObject, SecureText } from '@doublehop/powershell/objects/value';
import { toText } from '@doublehop/powershell/objects/text';
import { RemotingError } from '@doublehop/remoting/errors';
import type { EndpointSession } from '@doublehop/remoting/endpoint/endpoint-session';
import { FaultCode } from '@doublehop/remoting/wsman/faults';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { describe, expect, test } from 'vitest';
import { folderOf, opening, trial } from './support/configurations.ts';
import { ask, testEndpoint, type TestSession } from './support/endpoint.ts';

const JEA = "SessionType = 'RestrictedRemoteServer'";

const ROLES = {
  'Jea/RoleCapabilities/Reader.psrc': "@{ VisibleCmdlets = 'Get-Everything' }",
  'Jea/RoleCapabilities/Maintainer.psrc': `@{
    VisibleCmdlets = @{ Name = 'Restart-Service'; Parameters =
      @{ Name = 'Name'; ValidateSet = 'Spooler' },
      @{ Name = 'Reason'; ValidatePattern = '^T\\d+$' } }
    VisibleExternalCommands = 'C:\\Windows\\System32\\whoami.exe'
    FunctionDefinitions = @{ Name = 'Get-Both'; ScriptBlock = { $a = whoami; "$a!" } }
    AliasDefinitions = @{ Name = 'rs'; Value = 'Restart-Service' }
  }`,
};

/** The fault code with which it does not open. */
async function faultOf(promise: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemotingError)) throw new Error(`no RemotingError: ${String(error)}`);
  return error.detail.fault?.code;
}

function named(
  { commands }: EndpointSession<TestSession>,
  name: string,
): Command<TestSession> | undefined {
  return commands.find((command) => command.name === name);
}

describe('who may open a configuration', () => {
  const { network, everyone, builtinUsers } = wellKnown;

  test.each([
    ['administrators, by default', undefined, [wellKnown.builtinAdministrators], true],
    ['Remote Management Users, by default', undefined, ['S-1-5-32-580'], true],
    ['nobody else by default', undefined, [builtinUsers, everyone], false],
    ['whom an ACE gives all', 'D:(A;;GA;;;BU)', [builtinUsers], true],
    ['whom an ACE gives to invoke', 'D:(A;;GX;;;BU)', [builtinUsers], true],
    ['not who may only read', 'D:(A;;GR;;;BU)', [builtinUsers], false],
    ['nobody by network where that is denied', 'D:(D;;GA;;;NU)(A;;GA;;;BU)', [builtinUsers], false],
    ['network itself', 'D:(A;;GA;;;NU)', [everyone], true],
  ] as const)('%s', async (_who, sddl, sids, isAllowed) => {
    expect(network).toBe('S-1-5-2');
    const { configuration, asked, log } = trial({ sids, of: sddl === undefined ? {} : { sddl } });
    if (isAllowed) {
      await (await configuration.open(opening)).close();
      expect(asked).toEqual(['log on CONTOSO\\alice', 'log off CONTOSO\\alice']);
    } else {
      expect(await faultOf(configuration.open(opening))).toBe(FaultCode.ACCESS_DENIED);
      // Nobody was logged on for somebody who may not be here.
      expect(asked).toEqual([]);
      expect(log).toEqual([expect.stringContaining('CONTOSO\\alice may not open Trial')]);
    }
  });

  test('a disabled one is not there', async () => {
    const { configuration } = trial({ of: { isEnabled: false } });
    expect(await faultOf(configuration.open(opening))).toBe(FaultCode.INVALID_RESOURCE_URI);
  });

  test('RequiredGroups come after the descriptor and before roles', async () => {
    const pssc = `@{ ${JEA}; RequiredGroups = @{ And = 'A', @{ Or = 'B', 'C' } }
      RoleDefinitions = @{ R = @{ RoleCapabilities = 'Reader' } } }`;
    const modulePath = [await folderOf(ROLES)];
    const wrong = trial({ pssc, groups: ['A', 'R'], of: { modulePath } });
    expect(await faultOf(wrong.configuration.open(opening))).toBe(FaultCode.ACCESS_DENIED);
    expect(wrong.asked).toEqual(['is in A', 'is in B', 'is in C']);
    const right = trial({ pssc, groups: ['A', 'C', 'R'], of: { modulePath } });
    await (await right.configuration.open(opening)).close();
    expect(right.asked.slice(3)).toEqual([
      'is in R',
      'log on CONTOSO\\alice',
      'log off CONTOSO\\alice',
    ]);
  });

  test('who has none of the roles has nothing here; who has one needs no other right', async () => {
    const pssc = `@{ ${JEA}; RoleDefinitions = @{ R = @{ RoleCapabilities = 'Reader' } } }`;
    const of = { modulePath: [await folderOf(ROLES)] };
    const none = trial({ pssc, of });
    expect(await faultOf(none.configuration.open(opening))).toBe(FaultCode.ACCESS_DENIED);
    await (await trial({ pssc, of, sids: [], groups: ['R'] }).configuration.open(opening)).close();
  });
});

describe('whom a session runs as', () => {
  const runAs = { user: 'CONTOSO\\svc', sealed: 'sealed-1.x.y' };

  test.each([
    ['the caller', {}, 'CONTOSO\\alice'],
    ['the RunAs user', { of: { runAs } }, 'CONTOSO\\svc'],
    ['a virtual account', { pssc: `@{ ${JEA}; RunAsVirtualAccount = $true }` }, 'virtual'],
    [
      'a virtual account of groups',
      { pssc: `@{ ${JEA}; RunAsVirtualAccount = $true; RunAsVirtualAccountGroups = 'G' }` },
      'virtual G',
    ],
    [
      'a managed account',
      { pssc: `@{ ${JEA}; GroupManagedServiceAccount = 'CONTOSO\\jea$' }` },
      'CONTOSO\\jea$',
    ],
  ])('%s', async (_who, options, user) => {
    const { configuration, asked } = trial(options);
    const session = await configuration.open(opening);
    expect(session.session.user).toBe(user);
    const sender = session.variables?.['PSSenderInfo'];
    if (!(sender instanceof PsObject)) throw new Error('no $PSSenderInfo');
    expect(sender.get('ConnectedUser')).toBe('CONTOSO\\alice');
    expect(sender.get('RunAsUser')).toBe(user);
    await session.close();
    expect(asked.at(-1)).toBe(`log off ${user}`);
  });

  test("a RunAs user's password is wiped; a failed logon is 0x803381DF, without why", async () => {
    const password = SecureText.of('sealed away');
    const { configuration, log } = trial({
      of: { runAs },
      refused: ['CONTOSO\\svc'],
      runAsPassword: async () => password,
    });
    await expect(configuration.open(opening)).rejects.toThrow(/cannot log on the account/);
    expect(await faultOf(configuration.open(opening))).toBe(0x80_33_81_df);
    expect(password.reveal().every((octet) => octet === 0)).toBe(true);
    expect(log[0]).toContain('CONTOSO\\svc is not logged on: the password is wrong');
    expect(log.join()).not.toContain('sealed away');
  });
});

describe('what a session can do', () => {
  test('roles are merged: commands, values, programs, functions, aliases', async () => {
    const pssc = `@{ ${JEA}; RoleDefinitions = @{
      A = @{ RoleCapabilities = 'Reader' }; B = @{ RoleCapabilities = 'Maintainer' }
      C = @{ RoleCapabilityFiles = 'c.psrc' } } }`;
    const dir = await folderOf({ ...ROLES, 'c.psrc': "@{ VisibleCmdlets = 'Get-Failure' }" });
    const file = { path: `${dir}/trial.pssc`, text: pssc };
    const of = { modulePath: [dir], file };
    const both = await trial({ groups: ['A', 'B'], of }).configuration.open(opening);
    expect(both.languageMode).toBe('None');
    expect(both.commands.map(({ name }) => name).toSorted()).toEqual([
      'Clear-Host',
      'Exit-PSSession',
      'Get-Both',
      'Get-Command',
      'Get-Everything',
      'Get-FormatData',
      'Get-Help',
      'Measure-Object',
      'Out-Default',
      'Restart-Service',
      'Select-Object',
      'rs',
      'whoami',
    ]);
    const restart = named(both, 'Restart-Service');
    expect(restart?.parameters.map(({ name }) => name)).toEqual(['Name', 'Reason']);
    expect(restart?.parameters[0]?.validateSet).toEqual(['Spooler']);
    const reader = await trial({ groups: ['A', 'C'], of }).configuration.open(opening);
    expect(named(reader, 'Restart-Service')).toBeUndefined();
    expect(named(reader, 'Get-Failure')).toBeDefined();
  });

  test('a role capability that is missing or wrong opens nothing; the log says what', async () => {
    const pssc = `@{ ${JEA}; RoleDefinitions = @{ A = @{ RoleCapabilities = 'Nobody' } } }`;
    const { configuration, log, asked } = trial({ pssc, groups: ['A'] });
    expect(await faultOf(configuration.open(opening))).toBe(FaultCode.INTERNAL);
    expect(log[0]).toContain('the role capability Nobody is in no module');
    expect(asked).toEqual(['is in A']);
    const modulePath = [await folderOf({ 'M/RoleCapabilities/nobody.psrc': '@{ Wrong = 1 }' })];
    const wrong = trial({ pssc, groups: ['A'], of: { modulePath } });
    expect(await faultOf(wrong.configuration.open(opening))).toBe(FaultCode.INTERNAL);
    expect(wrong.log[0]).toContain('nobody.psrc:1:4: unknown key Wrong');
  });

  test.each([
    [undefined, 'Restricted', true],
    ["@{ LanguageMode = 'RestrictedLanguage' }", 'Restricted', true],
    ["@{ LanguageMode = 'ConstrainedLanguage' }", 'FullSubset', true],
    [`@{ ${JEA} }`, 'None', false],
    ["@{ SessionType = 'Empty' }", 'None', false],
    ["@{ LanguageMode = 'NoLanguage'; VisibleCmdlets = 'whoami' }", 'None', false],
  ])('of %s', async (pssc, mode, hasAll) => {
    const session = await trial(pssc === undefined ? {} : { pssc }).configuration.open(opening);
    expect(session.languageMode).toBe(mode);
    expect(named(session, 'Get-Failure') !== undefined).toBe(hasAll);
    const isEmpty = pssc?.includes('Empty') === true;
    expect(named(session, 'Get-Command') !== undefined).toBe(!isEmpty);
  });

  test('FullLanguage is refused without a bridge, and says what to do', async () => {
    const pssc = "@{ SessionType = 'Default' }";
    const { configuration, asked } = trial({ pssc });
    await expect(configuration.open(opening)).rejects.toThrow(
      /pwsh must be on the PATH.*LanguageMode/,
    );
    expect(asked).toEqual([]);
    const bridge = (): never => {
      throw new Error('not started here');
    };
    const bridged = await trial({ pssc, bridge }).configuration.open(opening);
    expect(bridged.bridge).toBe(bridge);
    expect(bridged.commands).toEqual([]);
    const limited = trial({
      pssc: "@{ LanguageMode = 'FullLanguage'; VisibleCmdlets = 'a' }",
      bridge,
    });
    await expect(limited.configuration.open(opening)).rejects.toThrow(/limits or records/);
  });

  test('a transcript that cannot be kept opens nothing, and logs off', async () => {
    const { configuration, asked } = trial({ pssc: `@{ ${JEA}; TranscriptDirectory = 'C:\\T' }` });
    expect(await faultOf(configuration.open(opening))).toBe(FaultCode.INTERNAL);
    expect(asked).toEqual(['log on CONTOSO\\alice', 'log off CONTOSO\\alice']);
  });
});

describe('a JEA session over HTTP', () => {
  const command = (name: string, args: readonly { name?: string; value: string }[] = []) =>
    ({ kind: 'commands', statements: [[{ name, isScript: false, args }]] }) as const;

  test('has what the role has, and refuses all else', async () => {
    const pssc = `@{ ${JEA}; RoleDefinitions = @{ B = @{ RoleCapabilities = 'Maintainer' } } }`;
    const of = { modulePath: [await folderOf(ROLES)], name: 'Maintenance' };
    const { configuration, asked } = trial({ pssc, groups: ['B'], of });
    const { open } = await testEndpoint([], [configuration]);
    const session = await open({ configuration: 'maintenance' });
    expect((await ask(session, command('whoami'))).output).toEqual(['CONTOSO\\alice']);
    expect((await ask(session, command('Get-Both'))).output).toEqual(['CONTOSO\\alice!']);
    const restart = (...args: { name?: string; value: string }[]) =>
      ask(session, command('Restart-Service', args));
    expect((await restart({ value: 'Spooler' })).output).toEqual(['restarted Spooler']);
    await expect(restart({ value: 'winrm' })).rejects.toThrow(/"Spooler"/);
    await expect(restart({ name: 'Reason', value: 'none' })).rejects.toThrow(/does not match/);
    await expect(restart({ name: 'Force', value: 'x' })).rejects.toThrow(/Force/);
    await expect(ask(session, command('Get-Secret'))).rejects.toThrow(/not recognized/);
    await expect(ask(session, { kind: 'script', text: 'whoami' })).rejects.toThrow(
      /no-language mode/,
    );
    const shown = await ask(session, command('Get-Command'));
    const names = shown.output.map((one) =>
      one instanceof PsObject ? toText(one.get('Name') ?? null) : '',
    );
    expect(names).toContain('Restart-Service');
    expect(names).not.toContain('Get-Secret');
    await session.close();
    expect(asked.at(-1)).toBe('log off CONTOSO\\alice');
  });

  test("answers Import-PSSession's questions", async () => {
    const { configuration } = trial({ pssc: `@{ ${JEA}; VisibleCmdlets = 'whoami' }` });
    const { open } = await testEndpoint([], [configuration]);
    const session = await open({ configuration: 'Trial' });
    const select = (...properties: string[]) =>
      ask(session, {
        kind: 'commands',
        statements: [
          [
            { name: 'Get-Command', isScript: false, args: [{ name: 'Name', value: 'whoami' }] },
            {
              name: 'Select-Object',
              isScript: false,
              args: [{ name: 'Property', value: properties }],
            },
          ],
        ],
      });
    const { output } = await select('Name', 'CommandType', 'Parameters', 'HelpUri', 'OutputType');
    expect(output[0] instanceof PsObject && output[0].get('Name')).toBe('whoami');
    await expect(select('Definition')).rejects.toThrow(/Definition/);
    expect((await ask(session, command('Get-FormatData'))).output).toEqual([]);
    expect((await ask(session, command('Exit-PSSession'))).output).toEqual([]);
    expect((await ask(session, command('Clear-Host'))).output).toEqual([]);
  });

  test('a bridge that does not start leaves nobody logged on', async () => {
    const { configuration, asked } = trial({
      pssc: "@{ LanguageMode = 'FullLanguage' }",
      bridge: () => {
        throw new RemotingError('unsupported', 'it does not start');
      },
    });
    const { open, endpoint } = await testEndpoint([], [configuration]);
    await expect(open({ configuration: 'Trial' })).rejects.toThrow();
    expect(asked).toEqual(['log on CONTOSO\\alice', 'log off CONTOSO\\alice']);
    expect(endpoint.shells).toBe(0);
  });
});
