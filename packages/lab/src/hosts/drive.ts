import { parseSddl } from '@doublehop/security/sddl';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import { type MemoryFolder, memoryTree } from '@doublehop/smb/tree/memory-tree';
import type { ShareTree } from '@doublehop/smb/tree/share-tree';
import { fullName, type Scenario } from '../scenario.ts';

/** Administrators and SYSTEM may everything. */
export const ADMINISTRATORS_ONLY: SecurityDescriptor = parseSddl(
  'O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)',
);

/** Users may read beside. */
const USERS_READ: SecurityDescriptor = parseSddl(
  'O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)',
);

/** Folders that users may not look into, in lower case. */
const CLOSED: readonly string[] = [
  String.raw`windows\system32\config`,
  String.raw`users\administrator`,
  String.raw`system volume information`,
];

/** The drive `C:` of a computer of the lab. */
export function systemDrive(scenario: Scenario, name: string, time: number): ShareTree {
  return memoryTree(folders(scenario, name), {
    time,
    label: '',
    serial: 0x4c1d_d0b1,
    descriptor: (path) => (isClosed(path) ? ADMINISTRATORS_ONLY : USERS_READ),
  });
}

function isClosed(path: readonly string[]): boolean {
  const joined = `${path.join('\\').toLowerCase()}\\`;
  return CLOSED.some((folder) => joined.startsWith(`${folder}\\`));
}

function folders(scenario: Scenario, name: string): MemoryFolder {
  return {
    inetpub: {
      wwwroot: { 'iisstart.htm': `<!doctype html>\r\n<title>${name}</title>\r\n` },
    },
    PerfLogs: {},
    'Program Files': { 'Common Files': {}, WindowsPowerShell: { Modules: {} } },
    'Program Files (x86)': {},
    ProgramData: {},
    'System Volume Information': {},
    Users: {
      Administrator: { Desktop: {}, Documents: {} },
      Public: {
        Documents: { 'readme.txt': `This is ${fullName(scenario, name)}.\r\n` },
      },
    },
    Windows: {
      'win.ini': '; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n',
      System32: {
        config: { SAM: '', SECURITY: '', SYSTEM: '' },
        drivers: {
          etc: { hosts: '# localhost name resolution is handled within DNS itself.\r\n' },
        },
        'lsass.exe': '',
        'svchost.exe': '',
      },
      Temp: {},
    },
  };
}
