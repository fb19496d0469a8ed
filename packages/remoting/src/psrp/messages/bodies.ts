import type { ProgressRecord } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsDictionary, PsValue } from '@doublehop/powershell/objects/value';
import { type ReadOptions, readValue } from '../../clixml/read.ts';
import { type ClixmlNode, parseClixml } from '../../clixml/tree.ts';
import { type WriteOptions, writeClixml } from '../../clixml/write.ts';
import type { MessageName } from '../message.ts';
import { type CreatePipeline, createPipelineFrom, createPipelineText } from './create-pipeline.ts';
import type { PipelineState, PoolState } from './enums.ts';
import { errorRecordFrom, errorRecordObject } from './error-record.ts';
import {
  type HostCall,
  hostCallFrom,
  hostCallObject,
  type HostResponse,
  hostResponseFrom,
  hostResponseObject,
} from './host-call.ts';
import {
  applicationPrivateData,
  type BodyCodec,
  type Call,
  callBody,
  commandQuery,
  type CommandQuery,
  emptyBody,
  initRunspacePool,
  type InitRunspacePool,
  pipelineState,
  poolState,
  runspaceAvailability,
  type RunspaceAvailability,
  runspaceBounds,
  type RunspaceBounds,
  sessionCapability,
  type SessionCapability,
  setRunspaces,
  type SetRunspaces,
  type StateChange,
  textBody,
  type UserEvent,
  userEvent,
  valueBody,
} from './session.ts';
import {
  informationalFrom,
  informationalObject,
  informationFrom,
  informationObject,
  type InformationRecord,
  progressFrom,
  progressObject,
} from './streams.ts';

/** What each message says (MS-PSRP 2.2.2). */
export interface Bodies {
  readonly SESSION_CAPABILITY: SessionCapability;
  readonly INIT_RUNSPACEPOOL: InitRunspacePool;
  /** PUBLICKEYBLOB in base64. */
  readonly PUBLIC_KEY: string;
  /** SIMPLEBLOB in base64. */
  readonly ENCRYPTED_SESSION_KEY: string;
  readonly PUBLIC_KEY_REQUEST: null;
  readonly CONNECT_RUNSPACEPOOL: RunspaceBounds;
  readonly SET_MAX_RUNSPACES: SetRunspaces;
  readonly SET_MIN_RUNSPACES: SetRunspaces;
  readonly RUNSPACE_AVAILABILITY: RunspaceAvailability;
  readonly RUNSPACEPOOL_STATE: StateChange<PoolState>;
  readonly CREATE_PIPELINE: CreatePipeline;
  readonly GET_AVAILABLE_RUNSPACES: Call;
  readonly USER_EVENT: UserEvent;
  readonly APPLICATION_PRIVATE_DATA: PsDictionary;
  readonly GET_COMMAND_METADATA: CommandQuery;
  readonly RUNSPACEPOOL_INIT_DATA: RunspaceBounds;
  readonly RESET_RUNSPACE_STATE: Call;
  readonly RUNSPACEPOOL_HOST_CALL: HostCall;
  readonly RUNSPACEPOOL_HOST_RESPONSE: HostResponse;
  readonly PIPELINE_INPUT: PsValue;
  readonly END_OF_PIPELINE_INPUT: null;
  readonly PIPELINE_OUTPUT: PsValue;
  readonly ERROR_RECORD: ErrorRecord;
  readonly PIPELINE_STATE: StateChange<PipelineState>;
  readonly DEBUG_RECORD: string;
  readonly VERBOSE_RECORD: string;
  readonly WARNING_RECORD: string;
  readonly PROGRESS_RECORD: ProgressRecord;
  readonly INFORMATION_RECORD: InformationRecord;
  readonly PIPELINE_HOST_CALL: HostCall;
  readonly PIPELINE_HOST_RESPONSE: HostResponse;
}

/** The CLIXML of a message. Throws RemotingError as `writeClixml` does. */
export function encodeBody<K extends MessageName>(
  type: K,
  body: Bodies[K],
  options: WriteOptions = {},
): string {
  if (type === 'END_OF_PIPELINE_INPUT') return '';
  const codec = CODECS[type];
  if ('write' in codec) return codec.write(body, options);
  return writeClixml(codec.encode(body), isUserObject(type) ? { ...options, depth: 1 } : options);
}

/** Throws RemotingError `psrp`, `clixml`, `crypto` or `limit`. */
export function decodeBody<K extends MessageName>(
  type: K,
  data: string,
  options: ReadOptions = {},
): Bodies[K] {
  // An object without data is null; other messages say what an empty text says (2.2.2.18).
  const node = data === '' ? (isUserObject(type) ? NIL : EMPTY) : parseClixml(data);
  return CODECS[type].decode(node, { ...options, deserialized: isUserObject(type) });
}

/** Objects of commands, not of the protocol. */
function isUserObject(type: MessageName): boolean {
  return type === 'PIPELINE_OUTPUT' || type === 'PIPELINE_INPUT';
}

const EMPTY: ClixmlNode = {
  tag: 'S',
  name: undefined,
  children: [],
  text: '',
  typeNames: undefined,
  target: undefined,
};

const NIL: ClixmlNode = { ...EMPTY, tag: 'Nil' };

type NodeCodec<T> = {
  decode(node: ClixmlNode, options: ReadOptions): T;
} & ({ encode(body: T): PsValue } | { write(body: T, options: WriteOptions): string });

function whole<T>(codec: BodyCodec<T>): NodeCodec<T> {
  return {
    encode: (body) => codec.encode(body),
    decode: (node, options) => codec.decode(readValue(node, options)),
  };
}

const informational = whole({ encode: informationalObject, decode: informationalFrom });
const hostCall = whole({ encode: hostCallObject, decode: hostCallFrom });
const hostResponse = whole({ encode: hostResponseObject, decode: hostResponseFrom });

const CODECS: { readonly [K in MessageName]: NodeCodec<Bodies[K]> } = {
  SESSION_CAPABILITY: whole(sessionCapability),
  INIT_RUNSPACEPOOL: whole(initRunspacePool),
  PUBLIC_KEY: whole(textBody('PublicKey')),
  ENCRYPTED_SESSION_KEY: whole(textBody('EncryptedSessionKey')),
  PUBLIC_KEY_REQUEST: whole(emptyBody),
  CONNECT_RUNSPACEPOOL: {
    encode: (body) => runspaceBounds.encode(body),
    // MS-PSRP 2.2.2.29 shows the empty text as a property without a name.
    decode: (node, options) =>
      node.children.some((bag) => bag.children.some(({ name }) => name === undefined))
        ? {}
        : runspaceBounds.decode(readValue(node, options)),
  },
  SET_MAX_RUNSPACES: whole(setRunspaces('MaxRunspaces')),
  SET_MIN_RUNSPACES: whole(setRunspaces('MinRunspaces')),
  RUNSPACE_AVAILABILITY: whole(runspaceAvailability),
  RUNSPACEPOOL_STATE: whole(poolState),
  CREATE_PIPELINE: {
    write: createPipelineText,
    decode: (node, options) => createPipelineFrom(node, { ...options, deserialized: true }),
  },
  GET_AVAILABLE_RUNSPACES: whole(callBody),
  USER_EVENT: whole(userEvent),
  APPLICATION_PRIVATE_DATA: whole(applicationPrivateData),
  GET_COMMAND_METADATA: whole(commandQuery),
  RUNSPACEPOOL_INIT_DATA: whole(runspaceBounds),
  RESET_RUNSPACE_STATE: whole(callBody),
  RUNSPACEPOOL_HOST_CALL: hostCall,
  RUNSPACEPOOL_HOST_RESPONSE: hostResponse,
  PIPELINE_INPUT: whole(valueBody),
  END_OF_PIPELINE_INPUT: whole(emptyBody),
  PIPELINE_OUTPUT: whole(valueBody),
  ERROR_RECORD: whole({ encode: errorRecordObject, decode: errorRecordFrom }),
  PIPELINE_STATE: whole(pipelineState),
  DEBUG_RECORD: informational,
  VERBOSE_RECORD: informational,
  WARNING_RECORD: informational,
  PROGRESS_RECORD: whole({ encode: progressObject, decode: progressFrom }),
  INFORMATION_RECORD: whole({ encode: informationObject, decode: informationFrom }),
  PIPELINE_HOST_CALL: hostCall,
  PIPELINE_HOST_RESPONSE: hostResponse,
};
