import { formatFilter } from '@doublehop/ldap/filter-text';
import { customObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { parseAdFilter } from '../src/directory-commands/filter.ts';

const VARIABLES = new Map<string, PsValue>([
  ['serverb', customObject({ Name: "Server B's" })],
  ['day', new Scalar('DateTime', '2026-03-02T10:00:00Z')],
]);

const variables = (name: string): PsValue | undefined => VARIABLES.get(name.toLowerCase());

const filterOf = (text: string): string => {
  const filter = parseAdFilter(text, variables);
  return filter === undefined ? '*' : formatFilter(filter);
};

describe('filters of the ActiveDirectory module (about_ActiveDirectory_Filter)', () => {
  const cases: [string, string][] = [
    ['*', '*'],
    ['Name -eq "ServerC"', '(name=ServerC)'],
    ["Name -like 'Server*'", '(name=Server*)'],
    ["Name -like '*er*B*'", '(name=*er*B*)'],
    ["Name -like '*'", '(name=*)'],
    ["Name -notlike 'a*'", '(!(name=a*))'],
    ['Name -ne $ServerB.Name', "(!(name=Server B's))"],
    ['Enabled -eq $true', '(!(userAccountControl:1.2.840.113556.1.4.803:=2))'],
    ['Enabled -like $true', '(!(userAccountControl:1.2.840.113556.1.4.803:=2))'],
    ['TrustedForDelegation -eq $true', '(userAccountControl:1.2.840.113556.1.4.803:=524288)'],
    ['AccountNotDelegated -eq $false', '(!(userAccountControl:1.2.840.113556.1.4.803:=1048576))'],
    [
      'TrustedToAuthForDelegation -eq $true',
      '(userAccountControl:1.2.840.113556.1.4.803:=16777216)',
    ],
    ['logonCount -gt 5', '(&(logonCount>=5)(!(logonCount=5)))'],
    ['userAccountControl -band 2', '(userAccountControl:1.2.840.113556.1.4.803:=2)'],
    ['isDeleted -eq $true', '(isDeleted=TRUE)'],
    ['whenCreated -ge $day', '(whenCreated>=20260302100000.0Z)'],
    [
      'LastLogonDate -lt $day',
      '(&(lastLogonTimestamp<=134169192000000000)(!(lastLogonTimestamp=134169192000000000)))',
    ],
    [
      'SID -eq "S-1-5-32-544"',
      '(objectSid=\\01\\02\\00\\00\\00\\00\\00\\05 \\00\\00\\00 \\02\\00\\00)',
    ],
    ['Enabled -ne True', '(userAccountControl:1.2.840.113556.1.4.803:=2)'],
    ['SamAccountName -eq "a" -and DNSHostName -like "b*"', '(&(sAMAccountName=a)(dNSHostName=b*))'],
    ['Name -eq "a" -or Name -eq "b" -and Name -eq "c"', '(|(name=a)(&(name=b)(name=c)))'],
    ['-not (Name -eq "a" -or Surname -eq "b")', '(!(|(name=a)(sn=b)))'],
    ["Name -eq 'O''Neil (x)'", "(name=O'Neil \\28x\\29)"],
    ['logonCount -ge 5', '(logonCount>=5)'],
    ['logonCount -lt 5', '(&(logonCount<=5)(!(logonCount=5)))'],
    ['msDS-SupportedEncryptionTypes -eq 24', '(msDS-SupportedEncryptionTypes=24)'],
  ];
  test.each(cases)('%s', (text, filter) => {
    expect(filterOf(text)).toBe(filter);
  });

  const wrong = [
    '',
    'Name',
    'Name -eq',
    'Name -is "a"',
    'Enabled -gt $true',
    'Name -eq "a" -and',
    '(Name -eq "a"',
    'Name -eq "a")',
    'Name "a"',
    'Name -eq "unfinished',
    `${'('.repeat(100)}Name -eq "a"${')'.repeat(100)}`,
  ];
  test.each(wrong)('%j is refused with its place', (text) => {
    expect(() => filterOf(text)).toThrow("Error Message: 'syntax error' at position: '");
  });
});
