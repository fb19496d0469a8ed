/** Namespaces of WS-Management (MS-WSMV 1.2, DSP0226). */
export const Namespace = {
  SOAP: 'http://www.w3.org/2003/05/soap-envelope',
  ADDRESSING: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  WSMAN: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  MICROSOFT: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  SHELL: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  TRANSFER: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  ENUMERATION: 'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  FAULT: 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault',
  CONFIG: 'http://schemas.microsoft.com/wbem/wsman/1/config',
  IDENTITY: 'http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd',
  POWERSHELL: 'http://schemas.microsoft.com/powershell',
  XML: 'http://www.w3.org/XML/1998/namespace',
} as const;

/** Actions of requests (MS-WSMV 3.1.4). An answer's is the same with `Response` at the end. */
export const Action = {
  CREATE: `${Namespace.TRANSFER}/Create`,
  DELETE: `${Namespace.TRANSFER}/Delete`,
  GET: `${Namespace.TRANSFER}/Get`,
  PUT: `${Namespace.TRANSFER}/Put`,
  ENUMERATE: `${Namespace.ENUMERATION}/Enumerate`,
  PULL: `${Namespace.ENUMERATION}/Pull`,
  COMMAND: `${Namespace.SHELL}/Command`,
  RECEIVE: `${Namespace.SHELL}/Receive`,
  SEND: `${Namespace.SHELL}/Send`,
  SIGNAL: `${Namespace.SHELL}/Signal`,
  CONNECT: `${Namespace.SHELL}/Connect`,
  DISCONNECT: `${Namespace.SHELL}/Disconnect`,
  RECONNECT: `${Namespace.SHELL}/Reconnect`,
} as const;

export const FaultAction = {
  WSMAN: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault',
  ADDRESSING: `${Namespace.ADDRESSING}/fault`,
} as const;

export const ANONYMOUS = `${Namespace.ADDRESSING}/role/anonymous`;

/** Resource URI of every shell, whatever its configuration (MS-WSMV 2.2.4). */
export const SHELL_RESOURCE = Namespace.SHELL;

/** Resource URI of command shells: WinRS (MS-WSMV 3.1.4.5). */
export const COMMAND_SHELL_RESOURCE = `${Namespace.SHELL}/cmd`;

/** Resource URI of the service's own settings. */
export const CONFIG_RESOURCE = Namespace.CONFIG;

/** Resource URI of a session configuration: `Microsoft.PowerShell` is the usual one. */
export function configurationUri(name: string): string {
  return `${Namespace.POWERSHELL}/${name}`;
}

/** The configuration that a resource URI names; undefined: it names none. */
export function configurationOf(resourceUri: string): string | undefined {
  const prefix = `${Namespace.POWERSHELL}/`;
  const isConfiguration = resourceUri.toLowerCase().startsWith(prefix);
  const [name = ''] = isConfiguration ? resourceUri.slice(prefix.length).split('?') : [];
  return name === '' ? undefined : name;
}

export function isCommandShell(resourceUri: string): boolean {
  return resourceUri.toLowerCase() === COMMAND_SHELL_RESOURCE;
}

/**
 * Option of a Command by which a client asks that the answer tells what the command has to say,
 * where that comes soon; a command that is told to its end is forgotten at once. An extension of
 * this service's, offered in APPLICATION_PRIVATE_DATA (`OUTPUT_WITH_COMMAND`), for a short command
 * needs one exchange then in place of three: Command, Receive and Signal.
 */
export const OUTPUT_OPTION = 'doublehop_output_with_command';

/** States of a command (MS-WSMV 2.2.4.11). */
export const CommandState = {
  DONE: `${Namespace.SHELL}/CommandState/Done`,
  RUNNING: `${Namespace.SHELL}/CommandState/Running`,
  PENDING: `${Namespace.SHELL}/CommandState/Pending`,
} as const;

/** What a signal asks for (MS-WSMV 2.2.4.38), and PowerShell's own stop. */
export const SignalCode = {
  TERMINATE: `${Namespace.SHELL}/signal/Terminate`,
  CTRL_C: `${Namespace.SHELL}/signal/ctrl_c`,
  CTRL_BREAK: `${Namespace.SHELL}/signal/ctrl_break`,
  /** Windows sends it with this spelling. */
  POWERSHELL_STOP: 'powershell/signal/crtl_c',
} as const;

/** Whether a signal stops a pipeline: PowerShell misspells its own, other clients do not. */
export function isStopSignal(code: string): boolean {
  return /^powershell\/signal\/(?:crtl_c|ctrl_c)$|\/signal\/ctrl_(?:c|break)$/iu.test(code);
}

export function isTerminateSignal(code: string): boolean {
  return code.toLowerCase() === SignalCode.TERMINATE.toLowerCase();
}
