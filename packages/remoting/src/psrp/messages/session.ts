import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { PsDictionary, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import {
  apartmentState,
  enumObject,
  nameOf,
  type PipelineState,
  PipelineStates,
  type PoolState,
  PoolStates,
  threadOptions,
} from './enums.ts';
import { errorRecordFrom, errorRecordObject } from './error-record.ts';
import { Fields, listObject, primitiveDictionary, record, wrong } from './fields.ts';
import { type HostInfo, hostInfoFrom, hostInfoObject } from './host-info.ts';
import { toText } from '@doublehop/powershell/objects/text';

/** How a message's body becomes a value, and the other way. */
export interface BodyCodec<T> {
  encode(body: T): PsValue;
  /** Throws RemotingError `psrp`. */
  decode(value: PsValue): T;
}

/** SESSION_CAPABILITY (MS-PSRP 2.2.2.1): versions as text, `2.3`. */
export interface SessionCapability {
  readonly protocolVersion: string;
  readonly psVersion: string;
  readonly serializationVersion: string;
  /** A client's, serialized by .NET; nobody reads it. */
  readonly timeZone?: Uint8Array;
}

export const sessionCapability: BodyCodec<SessionCapability> = {
  encode: ({ protocolVersion, psVersion, serializationVersion, timeZone }) =>
    record({
      protocolversion: new Scalar('Version', protocolVersion),
      PSVersion: new Scalar('Version', psVersion),
      SerializationVersion: new Scalar('Version', serializationVersion),
      TimeZone: timeZone,
    }),
  decode(value) {
    const fields = new Fields(value);
    const timeZone = fields.value('TimeZone');
    return {
      protocolVersion: fields.version('protocolversion'),
      psVersion: fields.version('PSVersion'),
      serializationVersion: fields.version('SerializationVersion'),
      ...(timeZone instanceof Uint8Array ? { timeZone } : {}),
    };
  },
};

/** INIT_RUNSPACEPOOL (MS-PSRP 2.2.2.2). */
export interface InitRunspacePool {
  readonly minRunspaces: number;
  readonly maxRunspaces: number;
  readonly hostInfo: HostInfo;
  /** What `-ApplicationArguments` gave; undefined: nothing. */
  readonly applicationArguments?: PsDictionary;
}

export const initRunspacePool: BodyCodec<InitRunspacePool> = {
  encode: ({ minRunspaces, maxRunspaces, hostInfo, applicationArguments }) =>
    record({
      MinRunspaces: minRunspaces,
      MaxRunspaces: maxRunspaces,
      PSThreadOptions: threadOptions(0),
      ApartmentState: apartmentState(2),
      HostInfo: hostInfoObject(hostInfo),
      ApplicationArguments:
        applicationArguments === undefined ? null : primitiveDictionary(applicationArguments),
    }),
  decode(value) {
    const fields = new Fields(value);
    const applicationArguments = fields.dictionary('ApplicationArguments');
    return {
      minRunspaces: fields.int('MinRunspaces'),
      maxRunspaces: fields.int('MaxRunspaces'),
      hostInfo: hostInfoFrom(fields.value('HostInfo')),
      ...(applicationArguments === undefined ? {} : { applicationArguments }),
    };
  },
};

/** A message of one text property: PUBLIC_KEY, ENCRYPTED_SESSION_KEY (2.2.2.3, 2.2.2.4). */
export const textBody = (name: string): BodyCodec<string> => ({
  encode: (text) => record({ [name]: text }),
  decode: (value) => new Fields(value).text(name),
});

/** A message that says nothing: PUBLIC_KEY_REQUEST, END_OF_PIPELINE_INPUT. */
export const emptyBody: BodyCodec<null> = { encode: () => '', decode: () => null };

/** A message that is a value: PIPELINE_INPUT, PIPELINE_OUTPUT. */
export const valueBody: BodyCodec<PsValue> = { encode: (value) => value, decode: (value) => value };

/** CONNECT_RUNSPACEPOOL and RUNSPACEPOOL_INIT_DATA (MS-PSRP 2.2.2.29, 2.2.2.30). */
export interface RunspaceBounds {
  readonly minRunspaces?: number;
  readonly maxRunspaces?: number;
}

export const runspaceBounds: BodyCodec<RunspaceBounds> = {
  encode: ({ minRunspaces, maxRunspaces }) =>
    minRunspaces === undefined && maxRunspaces === undefined
      ? ''
      : record({ MinRunspaces: minRunspaces, MaxRunspaces: maxRunspaces }),
  decode(value) {
    if (typeof value === 'string') return {};
    const fields = new Fields(value);
    const minRunspaces = fields.optionalInt('MinRunspaces');
    const maxRunspaces = fields.optionalInt('MaxRunspaces');
    return {
      ...(minRunspaces === undefined ? {} : { minRunspaces }),
      ...(maxRunspaces === undefined ? {} : { maxRunspaces }),
    };
  },
};

/** RESET_RUNSPACE_STATE, GET_AVAILABLE_RUNSPACES (MS-PSRP 2.2.2.31, 2.2.2.11). */
export interface Call {
  readonly callId: bigint;
}

export const callBody: BodyCodec<Call> = {
  encode: ({ callId }) => record({ ci: callId }),
  decode: (value) => ({ callId: new Fields(value).long('ci') }),
};

/** SET_MAX_RUNSPACES and SET_MIN_RUNSPACES (MS-PSRP 2.2.2.6, 2.2.2.7). */
export interface SetRunspaces extends Call {
  readonly count: number;
}

export const setRunspaces = (name: string): BodyCodec<SetRunspaces> => ({
  encode: ({ callId, count }) => record({ [name]: count, ci: callId }),
  decode(value) {
    const fields = new Fields(value);
    return { callId: fields.long('ci'), count: fields.int(name) };
  },
});

/** RUNSPACE_AVAILABILITY (MS-PSRP 2.2.2.8): whether it was done, or how many are free. */
export interface RunspaceAvailability extends Call {
  readonly answer: boolean | bigint;
}

export const runspaceAvailability: BodyCodec<RunspaceAvailability> = {
  encode: ({ callId, answer }) => record({ SetMinMaxRunspacesResponse: answer, ci: callId }),
  decode(value) {
    const fields = new Fields(value);
    const answer = fields.value('SetMinMaxRunspacesResponse');
    if (typeof answer === 'number') return { callId: fields.long('ci'), answer: BigInt(answer) };
    if (typeof answer !== 'boolean' && typeof answer !== 'bigint') throw wrong('no availability');
    return { callId: fields.long('ci'), answer };
  },
};

/** RUNSPACEPOOL_STATE and PIPELINE_STATE (MS-PSRP 2.2.2.9, 2.2.2.21). */
export interface StateChange<S> {
  readonly state: S;
  /** Why it is broken or has failed. */
  readonly error?: ErrorRecord;
}

function stateBody<S extends string>(
  name: string,
  table: Readonly<Record<S, number>>,
): BodyCodec<StateChange<S>> {
  return {
    encode: ({ state, error }) =>
      record({
        [name]: table[state],
        ExceptionAsErrorRecord: error === undefined ? undefined : errorRecordObject(error),
      }),
    decode(value) {
      const fields = new Fields(value);
      const state = nameOf(table, fields.int(name));
      if (state === undefined) throw wrong('a state that does not exist');
      const error = fields.value('ExceptionAsErrorRecord');
      return error === null ? { state } : { state, error: errorRecordFrom(error) };
    },
  };
}

export const poolState: BodyCodec<StateChange<PoolState>> = stateBody('RunspaceState', PoolStates);
export const pipelineState: BodyCodec<StateChange<PipelineState>> = stateBody(
  'PipelineState',
  PipelineStates,
);

/** APPLICATION_PRIVATE_DATA (MS-PSRP 2.2.2.13). */
export const applicationPrivateData: BodyCodec<PsDictionary> = {
  encode: (data) => record({ ApplicationPrivateData: primitiveDictionary(data) }),
  decode: (value) => new Fields(value).dictionary('ApplicationPrivateData') ?? new PsDictionary(),
};

/** GET_COMMAND_METADATA (MS-PSRP 2.2.2.14). */
export interface CommandQuery {
  /** Wildcards; undefined: all. */
  readonly names?: readonly string[];
  /** CommandTypes as bits (2.2.3.19). */
  readonly commandTypes: number;
  readonly namespaces?: readonly string[];
  readonly arguments?: readonly PsValue[];
}

export const commandQuery: BodyCodec<CommandQuery> = {
  encode: ({ names, commandTypes, namespaces, arguments: args }) =>
    record({
      Name: names === undefined ? null : names,
      CommandType: enumObject(
        'System.Management.Automation.CommandTypes',
        COMMAND_TYPES.filter((_, bit) => (commandTypes & (1 << bit)) !== 0).join(', '),
        commandTypes,
      ),
      Namespace: namespaces === undefined ? null : namespaces,
      ArgumentList: args === undefined ? null : listObject(args),
    }),
  decode(value) {
    const fields = new Fields(value);
    const texts = (name: string): readonly string[] => fields.list(name).map(toText);
    return {
      commandTypes: fields.int('CommandType'),
      ...(fields.has('Name') ? { names: texts('Name') } : {}),
      ...(fields.has('Namespace') ? { namespaces: texts('Namespace') } : {}),
      ...(fields.has('ArgumentList') ? { arguments: fields.list('ArgumentList') } : {}),
    };
  },
};

/** MS-PSRP 2.2.3.19, by bit. */
const COMMAND_TYPES = [
  'Alias',
  'Function',
  'Filter',
  'Cmdlet',
  'ExternalScript',
  'Application',
  'Script',
  'Workflow',
  'Configuration',
];

/** USER_EVENT (MS-PSRP 2.2.2.12). */
export interface UserEvent {
  readonly eventId: number;
  readonly sourceId: string;
  /** ISO 8601. */
  readonly time: string;
  readonly sender: PsValue;
  readonly arguments: readonly PsValue[];
  readonly message: PsValue;
  readonly computer?: string;
  readonly runspaceId: string;
}

export const userEvent: BodyCodec<UserEvent> = {
  encode: (event) =>
    record({
      'PSEventArgs.EventIdentifier': event.eventId,
      'PSEventArgs.SourceIdentifier': event.sourceId,
      'PSEventArgs.TimeGenerated': new Scalar('DateTime', event.time),
      'PSEventArgs.Sender': event.sender,
      'PSEventArgs.SourceArgs': event.arguments,
      'PSEventArgs.MessageData': event.message,
      'PSEventArgs.ComputerName': event.computer ?? null,
      'PSEventArgs.RunspaceId': new Scalar('Guid', event.runspaceId),
    }),
  decode(value) {
    const fields = new Fields(value);
    const scalar = (name: string): string => toScalarText(fields.value(name));
    const computer = fields.optionalText('PSEventArgs.ComputerName');
    return {
      eventId: fields.int('PSEventArgs.EventIdentifier'),
      sourceId: fields.text('PSEventArgs.SourceIdentifier'),
      time: scalar('PSEventArgs.TimeGenerated'),
      sender: fields.value('PSEventArgs.Sender'),
      arguments: fields.list('PSEventArgs.SourceArgs'),
      message: fields.value('PSEventArgs.MessageData'),
      ...(computer === undefined ? {} : { computer }),
      runspaceId: scalar('PSEventArgs.RunspaceId'),
    };
  },
};

function toScalarText(value: PsValue): string {
  return value instanceof Scalar ? String(value.value) : toText(value);
}
