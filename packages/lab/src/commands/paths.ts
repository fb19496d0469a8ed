import { parsePath } from '@doublehop/smb/paths';
import { SmbError } from '@doublehop/smb/errors';
import { nameOfHost } from '../hosts/network.ts';
import type { HostSession } from '../sessions/host-session.ts';

/** What a path of PowerShell means on a host. */
export type HostPath =
  /** `C:\Windows`: a place on the host's own drive. */
  | { readonly kind: 'local'; readonly names: readonly string[] }
  /** `\\server\share\…`. */
  | {
      readonly kind: 'unc';
      readonly server: string;
      readonly share: string;
      readonly names: readonly string[];
    }
  /** `D:\`, `HKLM:\`: a drive that is not there. */
  | { readonly kind: 'no-drive'; readonly drive: string }
  /** No file could have that name. */
  | { readonly kind: 'impossible' };

const PROVIDER = /^(?:Microsoft\.PowerShell\.Core\\)?FileSystem::/iu;

/** The path of a text; a relative one begins in the user's folder of documents. */
export function hostPath(session: HostSession, text: string): HostPath {
  const plain = text.replace(PROVIDER, '').replaceAll('/', '\\');
  if (plain.startsWith('\\\\')) return uncPath(session, plain.slice(2));
  const [, drive, rest = plain] = /^([A-Za-z]\w*):(.*)$/su.exec(plain) ?? [];
  if (drive !== undefined && drive.toUpperCase() !== 'C') return { kind: 'no-drive', drive };
  const absolute = drive !== undefined || rest.startsWith('\\');
  const names = splitNames(absolute ? rest : `Users\\Public\\Documents\\${rest}`);
  return names === undefined ? { kind: 'impossible' } : { kind: 'local', names };
}

/** `C:\Windows\win.ini`, `\\ServerC\C$\Windows`: the path as it is shown. */
export function formatPath(path: HostPath): string {
  switch (path.kind) {
    case 'local':
      return `C:\\${path.names.join('\\')}`;
    case 'unc':
      return `\\\\${[path.server, path.share, ...path.names].join('\\')}`;
    case 'no-drive':
      return `${path.drive}:\\`;
    case 'impossible':
      return '';
  }
}

/** `localhost` and `.` are the host itself, by the name that its SPNs have. */
export function serverName({ host }: HostSession, server: string): string {
  const isSelf = ['localhost', '.', '127.0.0.1', '::1'].includes(server.toLowerCase());
  return isSelf ? host.name : server;
}

/** Whether a computer's name means the session's own host. */
export function isOwnHost({ host }: HostSession, server: string): boolean {
  const name = server.toLowerCase();
  const isSelf = ['', 'localhost', '.', '127.0.0.1', '::1'].includes(name);
  return isSelf || nameOfHost(host.scenario, server) === host.name;
}

function uncPath(session: HostSession, text: string): HostPath {
  const [server = '', share = '', ...rest] = text.split('\\');
  if (server === '' || share === '') return { kind: 'impossible' };
  const names = splitNames(rest.join('\\'));
  if (names === undefined) return { kind: 'impossible' };
  return { kind: 'unc', server: serverName(session, server), share, names };
}

/** Names below a root, `.` and `..` taken out; undefined for what no file could be called. */
function splitNames(text: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const name of text.split('\\')) {
    if (name === '' || name === '.') continue;
    if (name === '..') names.pop();
    else names.push(name);
  }
  try {
    return parsePath(names.join('\\'));
  } catch (error) {
    if (error instanceof SmbError) return undefined;
    throw error;
  }
}
