/** Commands (MS-SMB2 2.2.1.2). */
export const Command = {
  negotiate: 0,
  sessionSetup: 1,
  logoff: 2,
  treeConnect: 3,
  treeDisconnect: 4,
  create: 5,
  close: 6,
  flush: 7,
  read: 8,
  write: 9,
  lock: 10,
  ioctl: 11,
  cancel: 12,
  echo: 13,
  queryDirectory: 14,
  changeNotify: 15,
  queryInfo: 16,
  setInfo: 17,
  oplockBreak: 18,
} as const;

/** The name of a command's number, for messages. */
export function commandName(command: number): string {
  return COMMAND_NAMES.get(command) ?? `command ${command}`;
}

const COMMAND_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Command).map(([name, value]) => [value, name]),
);

/** Dialect revisions (MS-SMB2 2.2.3); the last is the answer to SMB 1's offer of "any" (2.2.4). */
export const Dialect = {
  smb202: 0x0202,
  smb210: 0x0210,
  smb300: 0x0300,
  smb302: 0x0302,
  smb311: 0x0311,
  wildcard: 0x02ff,
} as const;

/** Flags of a header (MS-SMB2 2.2.1.2). */
export const HeaderFlag = {
  response: 0x1,
  async: 0x2,
  related: 0x4,
  signed: 0x8,
} as const;

/** Security modes (MS-SMB2 2.2.3). */
export const SecurityMode = { signingEnabled: 1, signingRequired: 2 } as const;

/** Capabilities (MS-SMB2 2.2.3). */
export const Capability = {
  dfs: 0x1,
  leasing: 0x2,
  largeMtu: 0x4,
  multiChannel: 0x8,
  persistentHandles: 0x10,
  directoryLeasing: 0x20,
  encryption: 0x40,
} as const;

/** Flags of a session (MS-SMB2 2.2.6). */
export const SessionFlag = { guest: 1, anonymous: 2, encrypt: 4 } as const;

/** Binding of a session to another connection (MS-SMB2 2.2.5). */
export const SETUP_BINDING = 1;

/** Kinds of shares (MS-SMB2 2.2.10). */
export const ShareType = { disk: 1, pipe: 2, print: 3 } as const;

/** Flags and capabilities of a share (MS-SMB2 2.2.10). */
export const ShareFlag = { noCaching: 0x30, encryptData: 0x8000, dfs: 0x1, dfsRoot: 0x2 } as const;
export const SHARE_CAP_DFS = 0x8;

/** File attributes (MS-FSCC 2.6). */
export const Attribute = {
  readOnly: 0x1,
  hidden: 0x2,
  system: 0x4,
  directory: 0x10,
  archive: 0x20,
  normal: 0x80,
  reparsePoint: 0x400,
} as const;

/** Rights of files and folders (MS-SMB2 2.2.13.1.1, 2.2.13.1.2). */
export const FileRight = {
  readData: 0x1,
  writeData: 0x2,
  appendData: 0x4,
  readEa: 0x8,
  writeEa: 0x10,
  execute: 0x20,
  deleteChild: 0x40,
  readAttributes: 0x80,
  writeAttributes: 0x100,
  delete: 0x1_0000,
  readControl: 0x2_0000,
  writeDac: 0x4_0000,
  writeOwner: 0x8_0000,
  synchronize: 0x10_0000,
  accessSystemSecurity: 0x100_0000,
  maximumAllowed: 0x200_0000,
} as const;

/** FILE_GENERIC_READ with FILE_GENERIC_EXECUTE: everything that changes nothing. */
export const READ_ONLY = 0x0012_00a9;

/** All rights of a file, one by one. */
export const FILE_ALL = 0x001f_01ff;

/** What generic rights mean for files (MS-DTYP 2.4.3, MS-SMB2 3.3.5.9). */
const GENERIC: readonly (readonly [generic: number, specific: number])[] = [
  [0x8000_0000, 0x0012_0089],
  [0x4000_0000, 0x0012_0116],
  [0x2000_0000, 0x0012_00a0],
  [0x1000_0000, FILE_ALL],
];

/** A mask whose generic rights are replaced by those of files that they stand for. */
export function mapFileRights(mask: number): number {
  let mapped = mask & 0x0fff_ffff;
  for (const [generic, specific] of GENERIC) if ((mask & generic) !== 0) mapped |= specific;
  return mapped >>> 0;
}

/** What CREATE does where the file is there, or is not (MS-SMB2 2.2.13). */
export const Disposition = {
  supersede: 0,
  open: 1,
  create: 2,
  openIf: 3,
  overwrite: 4,
  overwriteIf: 5,
} as const;

/** Options of CREATE (MS-SMB2 2.2.13). */
export const CreateOption = {
  directoryFile: 0x1,
  nonDirectoryFile: 0x40,
  deleteOnClose: 0x1000,
  openByFileId: 0x2000,
  openReparsePoint: 0x20_0000,
} as const;

/** Codes of IOCTL (MS-FSCC 2.3, MS-SMB2 2.2.31). */
export const Fsctl = {
  dfsGetReferrals: 0x0006_0194,
  dfsGetReferralsEx: 0x0006_01b0,
  pipePeek: 0x0011_400c,
  pipeWait: 0x0011_0018,
  pipeTransceive: 0x0011_c017,
  validateNegotiateInfo: 0x0014_0204,
  queryNetworkInterfaceInfo: 0x0014_01fc,
} as const;

/** Kinds of QUERY_INFO and SET_INFO (MS-SMB2 2.2.37). */
export const InfoType = { file: 1, fileSystem: 2, security: 3, quota: 4 } as const;

/** Parts of a descriptor that are asked for (MS-SMB2 2.2.37). */
export const SecurityInformation = { owner: 1, group: 2, dacl: 4, sacl: 8 } as const;

/** The identifier that stands for the one of the request before (MS-SMB2 3.3.5.2.7.2). */
export const RELATED_ID = 0xffff_ffff_ffff_ffffn;
