import { AdminError } from '@doublehop/admin/errors';
import { KerberosError } from '@doublehop/kerberos/errors';
import { LdapError, type LdapErrorCode } from '@doublehop/ldap/errors';
import { PowerShellError } from '@doublehop/powershell/errors';
import { CommandFailure } from '@doublehop/powershell/commands/command';
import type { ErrorCategory } from '@doublehop/powershell/commands/error-record';
import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { SecurityError } from '@doublehop/security/errors';
import { LabError } from '../errors.ts';
import { NAMESPACE, type Run } from './access.ts';

/** A command as errors name it: `Get-ADComputer`, of computers. */
export interface Named {
  readonly name: string;
  /** `ADComputer`. */
  readonly type: string;
}

/** What an error of the module is besides its words. */
interface Kind {
  /** `ActiveDirectoryServer:8344`, or `ActiveDirectoryCmdlet:` and the exception's type. */
  readonly id: string;
  readonly exceptionType: string;
  readonly category: ErrorCategory;
  readonly message: string;
}

/** Nothing of that identity, of the kind that the command is about. */
export class MissingIdentity extends Error {
  constructor(identity: string, base: string) {
    super(`Cannot find an object with identity: '${identity}' under: '${base}'.`);
    this.name = 'MissingIdentity';
  }
}

/** A filter that cannot be read; the message has its place. */
export class FilterFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FilterFailure';
  }
}

/**
 * Runs a command; what the layers below throw becomes the module's error, with its words and its
 * FullyQualifiedErrorId. Errors that belong to nobody stay what they are: they are defects.
 */
export async function told(run: Run, command: Named, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CommandFailure) {
      throw new CommandFailure({ activity: command.name, ...error.record });
    }
    const kind = kindOf(error, run);
    if (kind === undefined) throw error;
    const { id, ...rest } = kind;
    throw new CommandFailure({
      ...rest,
      errorId: `${id},${NAMESPACE}.Commands.${command.name.replace('-', '')}`,
      target: targetOf(run, command),
      activity: command.name,
    });
  }
}

/** What the error is about, as an object of the command's type: `(ServerX:ADComputer)`. */
function targetOf({ bound }: Run, { type }: Named): PsValue {
  const given = bound['Identity'] ?? bound['Name'] ?? null;
  if (typeof given !== 'string') return given;
  return new PsObject({ typeNames: [`${NAMESPACE}.${type}`, 'System.Object'], text: given });
}

function kindOf(error: unknown, run: Run): Kind | undefined {
  if (error instanceof MissingIdentity) return missing(error.message);
  if (error instanceof FilterFailure) {
    return cmdlet(`${NAMESPACE}.ADFilterParsingException`, 'ParserError', error.message);
  }
  if (error instanceof LdapError) return ldapKind(error);
  if (error instanceof AdminError) return adminKind(error, run);
  if (error instanceof KerberosError) {
    return error.code === 'kdc-unreachable' ? serverDown(error.message) : rejected(error.message);
  }
  const isArgument = error instanceof PowerShellError || error instanceof SecurityError;
  if (isArgument) return badArgument(error.message);
  if (error instanceof LabError) return general(error.message);
  return undefined;
}

function adminKind(error: AdminError, run: Run): Kind {
  const { cause, message } = error;
  switch (error.code) {
    case 'not-found':
    case 'other-domain':
      return missing(message);
    case 'ambiguous':
      return cmdlet(`${NAMESPACE}.ADMultipleMatchingIdentitiesException`, 'InvalidData', message);
    case 'usage':
    case 'wrong-kind':
      return badArgument(message);
    case 'unreachable':
    case 'no-controller':
    case 'untrusted':
      return serverDown(message);
    case 'credentials':
      return rejected(message);
    case 'access-denied':
    case 'changed-since':
    case 'unreadable':
    case 'journal':
    case 'directory':
      return cause instanceof LdapError
        ? (kindOf(cause, run) ?? general(message))
        : general(message);
  }
}

/** An answer of the directory: by the Win32 code its text begins with (MS-ADTS 3.1.1.3.1.9). */
function ldapKind({ code, message }: LdapError): Kind {
  if (SILENT.has(code)) return serverDown(message);
  const [, hex] = /^([\da-f]{8}):/iu.exec(message) ?? [];
  const number = hex === undefined ? CODES[code] : Number.parseInt(hex, 16);
  if (number === undefined) {
    return code === 'filterError' ? badFilter(message) : general(`${code}: ${message}`);
  }
  const words = WORDS.get(number) ?? { text: message };
  const { text, exception = 'ADException', category = 'NotSpecified' } = words;
  return {
    id: `ActiveDirectoryServer:${number}`,
    exceptionType: `${NAMESPACE}.${exception}`,
    category,
    message: text,
  };
}

const SILENT: ReadonlySet<LdapErrorCode> = new Set([
  'connectError',
  'serverDown',
  'timeout',
  'decodingError',
  'busy',
  'unavailable',
]);

/** Win32 codes of results whose text has none (MS-ERREF 2.2). */
const CODES: Readonly<Partial<Record<LdapErrorCode, number>>> = {
  noSuchObject: 8333,
  insufficientAccessRights: 8344,
  entryAlreadyExists: 8305,
  unwillingToPerform: 8245,
  constraintViolation: 8239,
  noSuchAttribute: 8202,
  attributeOrValueExists: 8205,
  invalidAttributeSyntax: 8203,
  undefinedAttributeType: 8204,
  objectClassViolation: 8212,
  invalidDNSyntax: 8242,
  notAllowedOnNonLeaf: 8213,
  referral: 8235,
  sizeLimitExceeded: 8227,
  adminLimitExceeded: 8228,
};

interface Words {
  readonly text: string;
  readonly exception?: string;
  readonly category?: ErrorCategory;
}

/** System messages of Win32 codes (MS-ERREF 2.2), and what the module makes of them. */
const WORDS: ReadonlyMap<number, Words> = new Map<number, Words>([
  [
    1316,
    {
      text: 'The specified account already exists',
      exception: 'ADIdentityAlreadyExistsException',
      category: 'ResourceExists',
    },
  ],
  [
    1325,
    {
      text:
        'The password does not meet the length, complexity, or history requirement of the ' +
        'domain.',
      exception: 'ADPasswordComplexityException',
      category: 'InvalidData',
    },
  ],
  [8202, { text: 'The specified directory service attribute or value does not exist' }],
  [8203, { text: 'The attribute syntax specified to the directory service is invalid' }],
  [8204, { text: 'The attribute type specified to the directory service is not defined' }],
  [8205, { text: 'The specified directory service attribute or value already exists' }],
  [
    8212,
    {
      text:
        'The requested operation did not satisfy one or more constraints associated with the ' +
        'class of the object',
    },
  ],
  [
    8213,
    { text: 'The directory service can perform the requested operation only on a leaf object' },
  ],
  [
    8235,
    {
      text: 'A referral was returned from the server',
      exception: 'ADReferralException',
      category: 'ResourceUnavailable',
    },
  ],
  [8239, { text: 'A constraint violation occurred' }],
  [8242, { text: 'An invalid dn syntax has been specified' }],
  [
    8245,
    {
      text: 'The server is unwilling to process the request',
      exception: 'ADInvalidOperationException',
    },
  ],
  [
    8305,
    {
      text:
        'An attempt was made to add an object to the directory with a name that is already in ' +
        'use',
    },
  ],
  [
    8333,
    {
      text: 'Directory object not found',
      exception: 'ADIdentityNotFoundException',
      category: 'ObjectNotFound',
    },
  ],
  [8344, { text: 'Insufficient access rights to perform the operation' }],
]);

function cmdlet(exceptionType: string, category: ErrorCategory, message: string): Kind {
  return { id: `ActiveDirectoryCmdlet:${exceptionType}`, exceptionType, category, message };
}

function missing(message: string): Kind {
  return cmdlet(`${NAMESPACE}.ADIdentityNotFoundException`, 'ObjectNotFound', message);
}

function badArgument(message: string): Kind {
  return cmdlet('System.ArgumentException', 'InvalidArgument', message);
}

function badFilter(message: string): Kind {
  return cmdlet(`${NAMESPACE}.ADFilterParsingException`, 'ParserError', message);
}

function rejected(why: string): Kind {
  const message = `The server has rejected the client credentials. ${why}`;
  const type = 'System.Security.Authentication.AuthenticationException';
  return cmdlet(type, 'SecurityError', message);
}

function general(message: string): Kind {
  return {
    id: 'ActiveDirectoryServer:0',
    exceptionType: `${NAMESPACE}.ADException`,
    category: 'NotSpecified',
    message,
  };
}

function serverDown(why: string): Kind {
  return {
    id: 'ActiveDirectoryServer:0',
    exceptionType: `${NAMESPACE}.ADServerDownException`,
    category: 'ResourceUnavailable',
    message:
      'Unable to contact the server. This may be because this server does not exist, it is ' +
      `currently down, or it does not have the Active Directory Web Services running. ${why}`,
  };
}
