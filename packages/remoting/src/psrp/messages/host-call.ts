import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { enumObject, nameOf } from './enums.ts';
import { errorRecordFrom, errorRecordObject } from './error-record.ts';
import { Fields, listObject, record, wrong } from './fields.ts';

/** MS-PSRP 2.2.3.17: what a server asks of a client's host. */
export const HostMethods = {
  GetName: 1,
  GetVersion: 2,
  GetInstanceId: 3,
  GetCurrentCulture: 4,
  GetCurrentUICulture: 5,
  SetShouldExit: 6,
  EnterNestedPrompt: 7,
  ExitNestedPrompt: 8,
  NotifyBeginApplication: 9,
  NotifyEndApplication: 10,
  ReadLine: 11,
  ReadLineAsSecureString: 12,
  Write1: 13,
  Write2: 14,
  WriteLine1: 15,
  WriteLine2: 16,
  WriteLine3: 17,
  WriteErrorLine: 18,
  WriteDebugLine: 19,
  WriteProgress: 20,
  WriteVerboseLine: 21,
  WriteWarningLine: 22,
  Prompt: 23,
  PromptForCredential1: 24,
  PromptForCredential2: 25,
  PromptForChoice: 26,
  GetForegroundColor: 27,
  SetForegroundColor: 28,
  GetBackgroundColor: 29,
  SetBackgroundColor: 30,
  GetCursorPosition: 31,
  SetCursorPosition: 32,
  GetWindowPosition: 33,
  SetWindowPosition: 34,
  GetCursorSize: 35,
  SetCursorSize: 36,
  GetBufferSize: 37,
  SetBufferSize: 38,
  GetWindowSize: 39,
  SetWindowSize: 40,
  GetWindowTitle: 41,
  SetWindowTitle: 42,
  GetMaxWindowSize: 43,
  GetMaxPhysicalWindowSize: 44,
  GetKeyAvailable: 45,
  ReadKey: 46,
  FlushInputBuffer: 47,
  SetBufferContents1: 48,
  SetBufferContents2: 49,
  GetBufferContents: 50,
  ScrollBufferContents: 51,
  PushRunspace: 52,
  PopRunspace: 53,
  GetIsRunspacePushed: 54,
  GetRunspace: 55,
  PromptForChoiceMultipleSelection: 56,
} as const;

export type HostMethod = keyof typeof HostMethods;

/** Whether a call of it is answered (MS-PSRP 2.2.3.17: it gives a value back). */
export function hasResult(method: HostMethod): boolean {
  return RESULTS.test(method);
}

const RESULTS = /^(?:Get|Read|Prompt)/u;

/** RUNSPACEPOOL_HOST_CALL and PIPELINE_HOST_CALL (MS-PSRP 2.2.2.15, 2.2.2.27). */
export interface HostCall {
  readonly callId: bigint;
  readonly method: HostMethod;
  /** Encoded as MS-PSRP 2.2.6 says. */
  readonly parameters: readonly PsValue[];
}

/** RUNSPACEPOOL_HOST_RESPONSE and PIPELINE_HOST_RESPONSE (MS-PSRP 2.2.2.16, 2.2.2.28). */
export interface HostResponse {
  readonly callId: bigint;
  readonly method: HostMethod;
  /** What the method gave back; null when it failed. */
  readonly result: PsValue;
  /** Why it failed. */
  readonly error?: ErrorRecord;
}

const METHOD_TYPE = 'System.Management.Automation.Remoting.RemoteHostMethodId';

export function hostCallObject({ callId, method, parameters }: HostCall): PsValue {
  return record({
    ci: callId,
    mi: enumObject(METHOD_TYPE, method, HostMethods[method]),
    mp: listObject(parameters),
  });
}

/** Throws RemotingError `psrp`. */
export function hostCallFrom(value: PsValue): HostCall {
  const fields = new Fields(value);
  const callId = fields.long('ci');
  return { callId, method: methodFrom(fields), parameters: fields.list('mp') };
}

export function hostResponseObject({ callId, method, result, error }: HostResponse): PsValue {
  return record({
    mr: error === undefined ? result : undefined,
    me: error === undefined ? undefined : errorRecordObject(error),
    ci: callId,
    mi: enumObject(METHOD_TYPE, method, HostMethods[method]),
  });
}

/** Throws RemotingError `psrp`. */
export function hostResponseFrom(value: PsValue): HostResponse {
  const fields = new Fields(value);
  const response = {
    callId: fields.long('ci'),
    method: methodFrom(fields),
    result: fields.value('mr'),
  };
  const error = fields.value('me');
  return error === null ? response : { ...response, error: errorRecordFrom(error) };
}

function methodFrom(fields: Fields): HostMethod {
  const method = nameOf(HostMethods, fields.int('mi'));
  if (method === undefined) throw wrong('a host method that does not exist');
  return method;
}
