// Get-, Set-, New- and Remove- of the ActiveDirectory commands, at a controller over sealed LDAP.
import { categoryText } from '@doublehop/powershell/commands/error-record';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DirectoryConsole, startDirectory } from './support/directory.ts';

const SERVERS = 'OU=Servers,OU=NA,DC=contoso,DC=com';
const COMMANDS = 'Microsoft.ActiveDirectory.Management.Commands';
const NOT_FOUND =
  'ActiveDirectoryCmdlet:Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException';

let console: DirectoryConsole;

beforeAll(async () => {
  console = await startDirectory();
});
afterAll(() => console.close());
beforeEach(() => {
  console.user = 'Administrator';
  console.answer = undefined;
});

/** What a script puts out, as texts. */
async function texts(script: string): Promise<string[]> {
  const { output, error } = await console.run(script);
  expect(error).toBeUndefined();
  return output.map(toText);
}

async function failed(script: string): Promise<readonly [string | undefined, string | undefined]> {
  const { error } = await console.run(script);
  return [error?.errorId, error?.message];
}

function properties(value: PsValue | undefined): string[] {
  return value instanceof PsObject ? [...value.properties()].map(({ name }) => name) : [];
}

describe('-Identity', () => {
  test.each([
    ['Get-ADComputer ServerB', `CN=ServerB,${SERVERS}`],
    ["Get-ADComputer 'SERVERB$'", `CN=ServerB,${SERVERS}`],
    [`Get-ADComputer 'CN=ServerB,${SERVERS}'`, `CN=ServerB,${SERVERS}`],
    ['Get-ADComputer (Get-ADComputer ServerB).SID', `CN=ServerB,${SERVERS}`],
    ['Get-ADComputer (Get-ADComputer ServerB).ObjectGUID', `CN=ServerB,${SERVERS}`],
    ['(Get-ADComputer ServerB) | Get-ADComputer', `CN=ServerB,${SERVERS}`],
    ['Get-ADUser alice', 'CN=alice,CN=Users,DC=contoso,DC=com'],
    ["Get-ADGroup 'Domain Admins'", 'CN=Domain Admins,CN=Users,DC=contoso,DC=com'],
    [`Get-ADObject '${SERVERS}'`, SERVERS],
  ])('%s', async (script, dn) => {
    expect(await texts(script)).toEqual([dn]);
  });

  test.each([
    ['Get-ADUser', 'SERVERB$'],
    ['Get-ADUser', 'ServerB'],
    ['Get-ADUser', `CN=ServerB,${SERVERS}`],
    ['Get-ADComputer', 'alice'],
    ['Set-ADUser', 'ServerB'],
    ['Get-ADServiceAccount', 'ServerB'],
    ['Get-ADGroup', 'alice'],
    ['Get-ADUser', 'nobody'],
    ['Get-ADUser', 'CN=nobody,DC=contoso,DC=com'],
    ['Get-ADUser', String.raw`CONTOSO\alice`],
    ['Get-ADObject', 'alice'],
    ['Remove-ADUser', 'ServerB'],
  ])('%s %s is of another kind, or nobody', async (command, identity) => {
    const base = 'DC=contoso,DC=com';
    const message = `Cannot find an object with identity: '${identity}' under: '${base}'.`;
    expect(await failed(`${command} '${identity}'`)).toEqual([
      `${NOT_FOUND},${COMMANDS}.${command.replace('-', '')}`,
      message,
    ]);
  });

  test('what an error is about is of the type of the command', async () => {
    const { error } = await console.run('Get-ADUser x');
    expect(error && categoryText(error, error.category)).toBe(
      'ObjectNotFound: (x:ADUser) [Get-ADUser], ADIdentityNotFoundException',
    );
  });
});

describe('what goes wrong in the layers below', () => {
  const AUTHENTICATION =
    'ActiveDirectoryCmdlet:System.Security.Authentication.AuthenticationException';
  const PARSING =
    'ActiveDirectoryCmdlet:Microsoft.ActiveDirectory.Management.ADFilterParsingException';

  test.each([
    ['Get-ADUser alice -Credential nobody', AUTHENTICATION, 'rejected the client credentials'],
    ["Get-ADUser -LDAPFilter '(cn='", PARSING, ''],
    ["Get-ADUser -Filter 'Name -eq $a.('", 'ActiveDirectoryCmdlet:', ''],
    ["Get-ADUser -Filter 'Name -eq'", PARSING, "'syntax error' at position"],
    ["Get-ADUser -Filter * -SearchBase 'nonsense'", 'ActiveDirectoryServer:', ''],
    ["Get-ADUser -Filter * -SearchBase 'DC=fabrikam,DC=com'", 'ActiveDirectoryServer:', ''],
    ["Get-ADUser ''", 'ActiveDirectoryCmdlet:System.ArgumentException', ''],
    ["Get-ADUser 'S-1-5-nonsense'", 'ActiveDirectoryCmdlet:System.ArgumentException', ''],
    ["Set-ADUser alice -Add @{noSuchAttribute='x'}", 'ActiveDirectoryServer:', ''],
    ["Set-ADUser alice -ServicePrincipalNames @{Nope='x'}", 'ActiveDirectoryCmdlet:', 'Nope'],
    ["New-ADUser x -Path 'OU=No,DC=contoso,DC=com'", 'ActiveDirectoryServer:', ''],
    ["New-ADUser x -Path 'nonsense'", 'ActiveDirectoryServer:', ''],
    [`Remove-ADObject '${SERVERS}' -Confirm:$false`, 'ActiveDirectoryServer:8213', 'leaf'],
  ])('%s', async (script, id, words) => {
    const [errorId, message] = await failed(script);
    expect([errorId?.slice(0, id.length), message]).toEqual([id, expect.stringContaining(words)]);
    expect(errorId).toMatch(/,Microsoft\.ActiveDirectory\.Management\.Commands\.\w+AD\w+$/u);
  });
});

describe('what Get- gives', () => {
  test('the SID is an object with a Value', async () => {
    const [sid, value] = await texts('$c = Get-ADComputer ServerB; $c.SID; $c.SID.Value');
    expect(sid).toMatch(/^S-1-5-21-/u);
    expect(value).toBe(sid);
  });

  test('the default properties of each kind', async () => {
    const user = await console.run('Get-ADUser alice');
    expect(properties(user.output[0]).join(' ')).toBe(
      'DistinguishedName Enabled GivenName Name ObjectClass ObjectGUID SamAccountName SID ' +
        'Surname UserPrincipalName',
    );
    const group = await console.run("Get-ADGroup 'Domain Admins'");
    expect(properties(group.output[0])).toContain('GroupScope');
    expect(await texts("(Get-ADGroup 'Domain Admins').GroupCategory")).toEqual(['Security']);
  });

  test('-Filter by bits of userAccountControl', async () => {
    expect(await texts('(Get-ADUser -Filter {AccountNotDelegated -eq $true}).Name')).toEqual([
      'bob',
    ]);
    expect(await texts('(Get-ADUser -Filter {Enabled -eq $false}).Name | Sort-Object')).toContain(
      'krbtgt',
    );
    const dc = '(Get-ADComputer -Filter {TrustedForDelegation -eq $true}).Name';
    expect(await texts(dc)).toEqual(['DC']);
    expect(await texts('Get-ADUser -Filter {TrustedToAuthForDelegation -eq $true}')).toEqual([]);
  });

  test('-Filter by SID', async () => {
    expect(
      await texts('$s = (Get-ADUser alice).SID; (Get-ADUser -Filter {SID -eq $s}).Name'),
    ).toEqual(['alice']);
  });

  test('-Filter cannot be by what is computed from a descriptor', async () => {
    const [id, message] = await failed(
      "Get-ADComputer -Filter {PrincipalsAllowedToDelegateToAccount -like '*'}",
    );
    expect(id).toBe(
      'ActiveDirectoryCmdlet:Microsoft.ActiveDirectory.Management.ADFilterParsingException,' +
        `${COMMANDS}.GetADComputer`,
    );
    expect(message).toContain('(msDS-AllowedToActOnBehalfOfOtherIdentity=*)');
  });

  test('a search base that is not there', async () => {
    expect(await failed("Get-ADUser -Filter * -SearchBase 'OU=No,DC=contoso,DC=com'")).toEqual([
      `ActiveDirectoryServer:8333,${COMMANDS}.GetADUser`,
      'Directory object not found',
    ]);
  });

  test('Get-ADDomain', async () => {
    const script =
      '$d = Get-ADDomain; $d.NetBIOSName; $d.DNSRoot; $d.UsersContainer; $d.PDCEmulator; ' +
      '$d.DomainSID.Value -eq (Get-ADUser alice).SID.AccountDomainSid';
    expect(await texts(script)).toEqual([
      'CONTOSO',
      'contoso.com',
      'CN=Users,DC=contoso,DC=com',
      'dc.contoso.com',
      'True',
    ]);
    const [id] = await failed('Get-ADDomain fabrikam.com');
    expect(id).toBe(`${NOT_FOUND},${COMMANDS}.GetADDomain`);
  });

  test('Get-ADGroupMember, by member and by primary group', async () => {
    expect(await texts("(Get-ADGroupMember 'Domain Admins').name")).toEqual(['Administrator']);
    const computers = await texts("(Get-ADGroupMember 'Domain Computers').name");
    expect(computers).toContain('ServerC');
    const nested = await texts('(Get-ADGroupMember Administrators -Recursive).name');
    expect(nested).toEqual(['Administrator']);
  });
});

describe('-Properties', () => {
  test('times are times, and what the controller works out is a truth', async () => {
    const shown = await console.run(
      '$u = Get-ADUser alice -Properties PasswordLastSet, Created, whenChanged, LockedOut, ' +
        'PasswordExpired, AccountExpirationDate, pwdLastSet; ' +
        '$u.PasswordLastSet; $u.Created; $u.whenChanged; $u.LockedOut; $u.PasswordExpired; ' +
        '"<$($u.AccountExpirationDate)>"; $u.pwdLastSet',
    );
    const kinds = shown.output.map((value) =>
      value instanceof Scalar ? value.type : toText(value).replace(/^\d{18}$/u, 'a number'),
    );
    expect(kinds.join(' ')).toBe('DateTime DateTime DateTime False False <> a number');
  });

  test('one that is neither an attribute nor a property is refused', async () => {
    const [id, message] = await failed('Get-ADUser alice -Properties Title, nonsense');
    expect(id).toMatch(/^ActiveDirectoryCmdlet:System.ArgumentException,.*GetADUser$/u);
    expect(message).toBe('One or more properties are invalid. Parameter name: nonsense');
    expect(await texts('(Get-ADUser alice -Properties *, otherTelephone).Name')).toEqual(['alice']);
  });
});

describe('Set-', () => {
  const grants =
    '(Get-ADComputer ServerC -Properties PrincipalsAllowedToDelegateToAccount)' +
    '.PrincipalsAllowedToDelegateToAccount';

  test('the list of who may act is replaced, and cleared', async () => {
    const grant = 'Set-ADComputer ServerC -PrincipalsAllowedToDelegateToAccount';
    await texts(`${grant} (Get-ADComputer ServerB), 'SERVERB1$'`);
    expect((await texts(grants)).toSorted()).toEqual([
      `CN=ServerB,${SERVERS}`,
      `CN=ServerB1,OU=Web,${SERVERS}`,
    ]);
    await texts(`${grant} $null`);
    expect(await texts(grants)).toEqual([]);
  });

  test('all or nothing: a change that is refused takes the others with it', async () => {
    const [id] = await failed(
      'Set-ADComputer ServerC -PrincipalsAllowedToDelegateToAccount (Get-ADComputer ServerB) ' +
        "-Replace @{userAccountControl='no number'}",
    );
    expect(id).toMatch(/^ActiveDirectoryServer:\d+,.*SetADComputer$/u);
    expect(await texts(grants)).toEqual([]);
    const nobody = 'Set-ADComputer ServerC -Description x -PrincipalsAllowedToDelegateToAccount no';
    expect((await failed(nobody))[1]).toBe(
      "Cannot find an object with identity: 'no' under: 'DC=contoso,DC=com'.",
    );
    const description = '(Get-ADComputer ServerC -Properties Description).Description';
    expect(await texts(description)).not.toContain('x');
  });

  test('flags, texts and tables', async () => {
    await texts(
      "Set-ADUser alice -Title Engineer -AccountNotDelegated $true -Add @{otherTelephone='1','2'}",
    );
    const shown = await console.run(
      '$u = Get-ADUser alice -Properties Title, AccountNotDelegated, otherTelephone; ' +
        '$u.Title; $u.AccountNotDelegated; $u.otherTelephone',
    );
    expect(shown.output.map(toText).toSorted()).toEqual(['1', '2', 'Engineer', 'True']);
    await texts(
      'Set-ADAccountControl alice -AccountNotDelegated $false; Set-ADUser alice -Clear title',
    );
    const after = await texts(
      '$u = Get-ADUser alice -Properties Title, AccountNotDelegated; ' +
        '"$($u.Title)|$($u.AccountNotDelegated)"',
    );
    expect(after).toEqual(['|False']);
  });

  test('-WhatIf says what it would do, and -Confirm asks', async () => {
    const set = 'Set-ADComputer ServerC -Description changed';
    const would = await console.run(`${set} -WhatIf`);
    expect(would.told).toEqual([
      `What if: Performing the operation "Set" on target "CN=ServerC,${SERVERS}".`,
    ]);
    expect((await failed(`${set} -Confirm`))[1]).toContain('Nobody can be asked');
    console.answer = false;
    await texts(`${set} -Confirm`);
    const description = '"<$((Get-ADComputer ServerC -Properties Description).Description)>"';
    expect(await texts(description)).toEqual(['<>']);
    console.answer = true;
    await texts(`${set} -Confirm`);
    expect(await texts(description)).toEqual(['<changed>']);
  });

  test('who may not write is told so, with the code of Windows', async () => {
    console.user = 'alice';
    const set = 'Set-ADComputer ServerC -PrincipalsAllowedToDelegateToAccount ServerB';
    expect(await failed(set)).toEqual([
      `ActiveDirectoryServer:8344,${COMMANDS}.SetADComputer`,
      'Insufficient access rights to perform the operation',
    ]);
    await texts(`${set} -Credential Administrator`);
    expect(await texts(grants)).toEqual([`CN=ServerB,${SERVERS}`]);
    await texts(
      'Set-ADComputer ServerC -Credential Administrator ' +
        '-Clear msDS-AllowedToActOnBehalfOfOtherIdentity',
    );
  });
});

describe('New- and Remove-', () => {
  const USERS = 'CN=Users,DC=contoso,DC=com';

  test('a computer, with who may act for users to it', async () => {
    const made = await texts(
      "New-ADComputer Web1 -Path 'OU=Web,OU=Servers,OU=NA,DC=contoso,DC=com' -Description web " +
        '-PrincipalsAllowedToDelegateToAccount (Get-ADComputer ServerB) ' +
        '-TrustedForDelegation $true -PassThru',
    );
    expect(made).toEqual([`CN=Web1,OU=Web,${SERVERS}`]);
    const shown = await texts(
      '$c = Get-ADComputer Web1 -Properties PrincipalsAllowedToDelegateToAccount, ' +
        'TrustedForDelegation; $c.SamAccountName; $c.Enabled; $c.TrustedForDelegation; ' +
        '$c.PrincipalsAllowedToDelegateToAccount',
    );
    expect(shown).toEqual(['Web1$', 'True', 'True', `CN=ServerB,${SERVERS}`]);
  });

  test('no other account of that name is touched; nothing is left of what is refused', async () => {
    // A user of the computer's plain name: the computer alone is meant.
    await texts('New-ADUser Twin; New-ADComputer Twin -Description machine');
    const user = '"<$((Get-ADUser Twin -Properties Description).Description)>"';
    expect(await texts(user)).toEqual(['<>']);
    expect(await texts('(Get-ADComputer Twin -Properties Description).Description')).toEqual([
      'machine',
    ]);
    await failed('New-ADComputer Half -PrincipalsAllowedToDelegateToAccount nobody');
    await failed("New-ADUser Half -OtherAttributes @{badPwdCount='x'}");
    expect(console.has('CN=Half,CN=Computers,DC=contoso,DC=com')).toBe(false);
    expect(console.has(`CN=Half,${USERS}`)).toBe(false);
  });

  test('a user with a password can log on; one without leaves nothing', async () => {
    await texts('New-ADUser dora -AccountPassword $password -Enabled $true');
    console.user = 'dora';
    expect(await texts('(Get-ADUser dora).Enabled')).toEqual(['True']);
    console.user = 'Administrator';
    const [id] = await failed('New-ADUser emil -Enabled $true');
    expect(id).toBe(`ActiveDirectoryServer:1325,${COMMANDS}.NewADUser`);
    expect(console.has(`CN=emil,${USERS}`)).toBe(false);
  });

  test('one that is there already', async () => {
    const [id, message] = await failed('New-ADUser alice');
    expect(id).toMatch(/^ActiveDirectoryServer:(?:1316|8305),.*NewADUser$/u);
    expect(message).toMatch(/already/u);
  });

  test('a group managed service account with who may have its password', async () => {
    expect((await failed('New-ADServiceAccount svc'))[1]).toContain('-DNSHostName');
    await texts(
      'New-ADServiceAccount svc -DNSHostName svc.contoso.com ' +
        '-PrincipalsAllowedToRetrieveManagedPassword ServerB',
    );
    const retrievers =
      '(Get-ADServiceAccount svc -Properties PrincipalsAllowedToRetrieveManagedPassword)' +
      '.PrincipalsAllowedToRetrieveManagedPassword';
    expect(await texts(retrievers)).toEqual([`CN=ServerB,${SERVERS}`]);
    await texts(
      'Set-ADServiceAccount svc -PrincipalsAllowedToRetrieveManagedPassword ServerC, JumpBox',
    );
    expect((await texts(retrievers)).toSorted()).toEqual([
      `CN=JumpBox,${SERVERS}`,
      `CN=ServerC,${SERVERS}`,
    ]);
  });

  test('a removal asks, and -Confirm:$false does not', async () => {
    await texts('New-ADUser gone');
    expect((await failed('Remove-ADUser gone'))[1]).toContain('-Confirm:$false');
    expect(console.has(`CN=gone,${USERS}`)).toBe(true);
    expect((await console.run('Remove-ADUser gone')).error?.activity).toBe('Remove-ADUser');
    await texts('Remove-ADUser gone -WhatIf');
    expect(console.has(`CN=gone,${USERS}`)).toBe(true);
    await texts('Get-ADUser gone | Remove-ADUser -Confirm:$false');
    expect(console.has(`CN=gone,${USERS}`)).toBe(false);
  });
});
