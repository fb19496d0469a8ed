import { isAscii } from 'node:buffer';
import { decodeGuid, encodeGuid, type Guid } from '@doublehop/security/guid';
import { plain } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';

/** MS-PSRP 2.2.1: MessageType. */
export const MessageType = {
  SESSION_CAPABILITY: 0x0001_0002,
  INIT_RUNSPACEPOOL: 0x0001_0004,
  PUBLIC_KEY: 0x0001_0005,
  ENCRYPTED_SESSION_KEY: 0x0001_0006,
  PUBLIC_KEY_REQUEST: 0x0001_0007,
  CONNECT_RUNSPACEPOOL: 0x0001_0008,
  SET_MAX_RUNSPACES: 0x0002_1002,
  SET_MIN_RUNSPACES: 0x0002_1003,
  RUNSPACE_AVAILABILITY: 0x0002_1004,
  RUNSPACEPOOL_STATE: 0x0002_1005,
  CREATE_PIPELINE: 0x0002_1006,
  GET_AVAILABLE_RUNSPACES: 0x0002_1007,
  USER_EVENT: 0x0002_1008,
  APPLICATION_PRIVATE_DATA: 0x0002_1009,
  GET_COMMAND_METADATA: 0x0002_100a,
  RUNSPACEPOOL_INIT_DATA: 0x0002_100b,
  RESET_RUNSPACE_STATE: 0x0002_100c,
  RUNSPACEPOOL_HOST_CALL: 0x0002_1100,
  RUNSPACEPOOL_HOST_RESPONSE: 0x0002_1101,
  PIPELINE_INPUT: 0x0004_1002,
  END_OF_PIPELINE_INPUT: 0x0004_1003,
  PIPELINE_OUTPUT: 0x0004_1004,
  ERROR_RECORD: 0x0004_1005,
  PIPELINE_STATE: 0x0004_1006,
  DEBUG_RECORD: 0x0004_1007,
  VERBOSE_RECORD: 0x0004_1008,
  WARNING_RECORD: 0x0004_1009,
  PROGRESS_RECORD: 0x0004_1010,
  INFORMATION_RECORD: 0x0004_1011,
  PIPELINE_HOST_CALL: 0x0004_1100,
  PIPELINE_HOST_RESPONSE: 0x0004_1101,
} as const;

export type MessageName = keyof typeof MessageType;

/** MS-PSRP 2.2.1: who a message is for. */
export type Destination = 'client' | 'server';

/** A message whose data nobody has looked at yet (MS-PSRP 2.2.1). */
export interface Message {
  readonly destination: Destination;
  readonly type: MessageName;
  /** Runspace pool; all zeros where none is named. */
  readonly poolId: Guid;
  /** Pipeline; undefined: the message is of the pool. */
  readonly pipelineId: Guid | undefined;
  /** CLIXML; empty where the message has no data. */
  readonly data: string;
}

export const ZERO_GUID: Guid = '00000000-0000-0000-0000-000000000000';

const HEADER = 40;
const BOM = '\u{feff}';

/** One message as octets; what the server sends begins with a byte order mark. */
export function encodeMessage(message: Message): Uint8Array {
  const { destination, type, poolId, pipelineId = ZERO_GUID, data } = message;
  const text = destination === 'client' ? BOM + data : data;
  const bytes = Buffer.allocUnsafe(HEADER + Buffer.byteLength(text));
  bytes.writeUInt32LE(destination === 'client' ? 1 : 2, 0);
  bytes.writeUInt32LE(MessageType[type], 4);
  bytes.set(encodeGuid(poolId), 8);
  bytes.set(encodeGuid(pipelineId), 24);
  bytes.write(text, HEADER);
  return plain(bytes);
}

/** Throws RemotingError `psrp`: cut short, an unknown destination or type, data not in UTF-8. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < HEADER) throw new RemotingError('psrp', 'a message is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const destination = view.getUint32(0, true);
  const type = NAMES.get(view.getUint32(4, true));
  if (destination !== 1 && destination !== 2) {
    throw new RemotingError('psrp', 'a message for neither client nor server');
  }
  if (type === undefined) throw new RemotingError('psrp', 'a message of an unknown type');
  const pipelineId = decodeGuid(bytes, 24);
  return {
    destination: destination === 1 ? 'client' : 'server',
    type,
    poolId: decodeGuid(bytes, 8),
    pipelineId: pipelineId === ZERO_GUID ? undefined : pipelineId,
    data: decodeText(bytes.subarray(HEADER)),
  };
}

const NAMES = new Map(
  // Object.entries of the table with these keys.
  Object.entries(MessageType).map(([name, value]) => [value as number, name as MessageName]),
);

function decodeText(bytes: Uint8Array): string {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + mark, bytes.length - mark);
  // Most data is ASCII, which a text decoder of its own would be made for each time.
  if (isAscii(rest)) return rest.toString('latin1');
  try {
    // Takes the byte order mark away.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RemotingError('psrp', 'the data of a message is not UTF-8', { cause });
  }
}
