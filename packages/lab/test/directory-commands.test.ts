import { formatFilter } from '@doublehop/ldap/filter-text';
import { customObject, type PsValue } from '@doublehop/powershell/objects/value';
import { describe, expect, test } from 'vitest';
import { parseAdFilter } from '../src/directory-commands/filter.ts';

const variables = (name: string): PsValue | undefined =>
  name.toLowerCase() === 'serverb' ? customObject({ Name: "Server B's" }) : undefined;

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
