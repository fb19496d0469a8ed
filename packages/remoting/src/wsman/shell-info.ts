import { childOf, type XmlElement } from '../xml/parse.ts';
import { element, type Markup } from '../xml/write.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { isCommandShell, Namespace } from './names.ts';

/** A shell as it is shown to those who may see it (MS-WSMV 2.2.4.39). */
export interface ShellInfo {
  readonly shellId: string;
  readonly name: string;
  readonly resourceUri: string;
  /** `CONTOSO\alice`. */
  readonly owner: string;
  readonly clientIp: string;
  readonly state: 'Connected' | 'Disconnected';
  /** Milliseconds. */
  readonly idleTimeout: number;
  readonly runTime: number;
  readonly inactivity: number;
}

/** Milliseconds that the longest idle timeout has (MS-WSMV: PT2147483.647S). */
export const MAX_IDLE_TIMEOUT = 2 ** 31 - 1;

/** `rsp:Shell` of a shell. */
export function shellElement(shell: ShellInfo): Markup {
  const text = (name: string, value: string): Markup => element(`rsp:${name}`, {}, value);
  return element(
    'rsp:Shell',
    {},
    text('ShellId', shell.shellId),
    text('Name', shell.name),
    text('ResourceUri', shell.resourceUri),
    text('Owner', shell.owner),
    text('ClientIP', shell.clientIp),
    text('IdleTimeOut', formatDuration(shell.idleTimeout)),
    text('InputStreams', isCommandShell(shell.resourceUri) ? 'stdin' : 'stdin pr'),
    text('OutputStreams', isCommandShell(shell.resourceUri) ? 'stdout stderr' : 'stdout'),
    text('MaxIdleTimeOut', formatDuration(MAX_IDLE_TIMEOUT)),
    text('Locale', 'en-US'),
    text('DataLocale', 'en-US'),
    text('CompressionMode', 'NoCompression'),
    text('ProfileLoaded', 'No'),
    text('Encoding', 'UTF8'),
    text('BufferMode', 'Block'),
    text('State', shell.state),
    text('ShellRunTime', dayTime(shell.runTime)),
    text('ShellInactivity', dayTime(shell.inactivity)),
  );
}

/** Reads an `rsp:Shell`; what it leaves out is empty or zero. */
export function readShell(shell: XmlElement): ShellInfo {
  const text = (name: string): string => childOf(shell, Namespace.SHELL, name)?.text.trim() ?? '';
  const time = (name: string): number => parseDuration(text(name)) ?? 0;
  return {
    shellId: text('ShellId'),
    name: text('Name'),
    resourceUri: text('ResourceUri'),
    owner: text('Owner'),
    clientIp: text('ClientIP'),
    state: text('State') === 'Disconnected' ? 'Disconnected' : 'Connected',
    idleTimeout: time('IdleTimeOut'),
    runTime: time('ShellRunTime'),
    inactivity: time('ShellInactivity'),
  };
}

/** `P1DT2H3M4S`, as a server gives ages of shells. */
function dayTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
  return `P${days}DT${hours}H${Math.floor(seconds / 60) % 60}M${seconds % 60}S`;
}
