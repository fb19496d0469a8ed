import { PowerShellError } from '@doublehop/powershell/errors';
import {
  readSessionConfiguration,
  type SessionConfiguration,
} from '@doublehop/powershell/sessions/session-configuration';
import { SecurityError } from '@doublehop/security/errors';
import { parseSddl } from '@doublehop/security/sddl';
import { RemotingError } from '../errors.ts';
import { MAX_CONFIGURATION_FILE, MAX_ROLE_FOLDERS } from '../limits.ts';

/** What Register-PSSessionConfiguration keeps of a session configuration. */
export interface Registration {
  /** What `-ConfigurationName` names, without case. */
  readonly name: string;
  /** Text of the `.pssc` file; absent: the configuration is like the default one. */
  readonly file?: ConfigurationFile;
  /** Who may open it; absent: `DEFAULT_SDDL`, or who has one of its roles. */
  readonly sddl?: string;
  /** The account that sessions run as, instead of the caller's. */
  readonly runAs?: RunAs;
  /** Folders of modules, PSModulePath: role capabilities are found in them. */
  readonly modulePath: readonly string[];
  readonly isEnabled: boolean;
}

export interface ConfigurationFile {
  /** Path it came from: paths of role files in it are relative to its folder. */
  readonly path: string;
  readonly text: string;
}

export interface RunAs {
  /** `CONTOSO\alice`. */
  readonly user: string;
  /** As `sealPassword` makes it. */
  readonly sealed: string;
}

/**
 * Administrators and Remote Management Users may open a configuration: the descriptor that Windows
 * gives one when it is registered (about_Session_Configurations).
 */
export const DEFAULT_SDDL =
  'O:NSG:BAD:P(A;;GA;;;BA)(A;;GA;;;RM)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)';

const FORMAT = 'doublehop session configuration 1';

const KEYS = ['format', 'name', 'file', 'sddl', 'runAs', 'modulePath', 'isEnabled'];

/**
 * Whether that can be a configuration's name: letters, digits, `.`, `_` and `-`, so that it is the
 * same in a URI and as a file's name.
 */
export function isConfigurationName(name: string): boolean {
  return /^[A-Za-z\d][\w.-]{0,127}$/u.test(name);
}

/**
 * What its `.pssc` text says; undefined: it has none. Throws RemotingError `configuration`, with
 * file and line.
 */
export function configurationOf({ file }: Registration): SessionConfiguration | undefined {
  if (file === undefined) return undefined;
  try {
    return readSessionConfiguration(file.text, file.path);
  } catch (error) {
    if (!(error instanceof PowerShellError)) throw error;
    throw new RemotingError('configuration', error.message, { cause: error });
  }
}

/** Throws RemotingError `configuration` for what no session could be opened with. */
export function checkRegistration(registration: Registration): void {
  const { name, sddl, runAs } = registration;
  if (!isConfigurationName(name)) {
    throw refused('a name has 1 to 128 letters, digits, dots, underscores and dashes');
  }
  if (sddl !== undefined) checkSddl(sddl);
  const configuration = configurationOf(registration);
  const hasAccount =
    configuration?.runAsVirtualAccount === true ||
    configuration?.groupManagedServiceAccount !== undefined;
  if (runAs !== undefined && hasAccount) {
    throw refused('a RunAs user besides the account that the configuration file names');
  }
}

/** The text of a registration's file. */
export function encodeRegistration(registration: Registration): string {
  return `${JSON.stringify({ format: FORMAT, ...registration }, undefined, 2)}\n`;
}

/** Reads it, strictly. Throws RemotingError `configuration`. */
export function decodeRegistration(text: string): Registration {
  if (text.length > 2 * MAX_CONFIGURATION_FILE) throw refused('it is too large');
  const { format, name, file, sddl, runAs, modulePath, isEnabled } = table(json(text), KEYS);
  if (format !== FORMAT) throw refused('it is no session configuration, or of another version');
  if (typeof isEnabled !== 'boolean') throw refused('isEnabled should be true or false');
  const registration: Registration = {
    name: textOf(name, 'name'),
    ...(file !== undefined && { file: fileOf(file) }),
    ...(sddl !== undefined && { sddl: textOf(sddl, 'sddl') }),
    ...(runAs !== undefined && { runAs: runAsOf(runAs) }),
    modulePath: folders(modulePath),
    isEnabled,
  };
  checkRegistration(registration);
  return registration;
}

function fileOf(value: unknown): ConfigurationFile {
  const { path, text } = table(value, ['path', 'text']);
  const content = textOf(text, 'text');
  if (content.length > MAX_CONFIGURATION_FILE) throw refused('the configuration file is too large');
  return { path: textOf(path, 'path'), text: content };
}

function runAsOf(value: unknown): RunAs {
  const { user, sealed } = table(value, ['user', 'sealed']);
  return { user: textOf(user, 'user'), sealed: textOf(sealed, 'sealed') };
}

function folders(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MAX_ROLE_FOLDERS) {
    throw refused('modulePath should be folders');
  }
  return value.map((one: unknown) => textOf(one, 'modulePath'));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text, which has a sealed password in it.
    throw refused('it is not JSON');
  }
}

function table(value: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('a table is missing');
  }
  if (!Object.keys(value).every((key) => keys.includes(key))) throw refused('an unknown key');
  return Object.fromEntries(Object.entries(value));
}

function textOf(value: unknown, key: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refused(`${key} should be a text`);
}

function checkSddl(sddl: string): void {
  try {
    parseSddl(sddl);
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    throw new RemotingError('configuration', `the SDDL is not taken: ${error.message}`, {
      cause: error,
    });
  }
}

function refused(what: string): RemotingError {
  return new RemotingError('configuration', `the session configuration is not taken: ${what}`);
}
