import {
  type Infer,
  anyValue,
  choice,
  decodeBer,
  encodeDer,
  optional,
  sequence,
} from '@doublehop/wire/der';
import { integer } from '@doublehop/wire/der-primitives';
import { BindRequestType, BindResponseType, SicilyBindResponseType } from './bind.ts';
import {
  type Control,
  ControlsType,
  EXTENSIBLE,
  MAX_INT,
  type OutgoingAttribute,
} from './common.ts';
import {
  AbandonRequestType,
  ExtendedRequestType,
  ExtendedResponseType,
  IntermediateResponseType,
  UnbindRequestType,
} from './extended.ts';
import {
  OutgoingEntryType,
  SearchRequestType,
  SearchResultDoneType,
  SearchResultEntryType,
  SearchResultReferenceType,
} from './search.ts';
import {
  AddRequestType,
  AddResponseType,
  CompareRequestType,
  CompareResponseType,
  DelRequestType,
  DelResponseType,
  ModifyDnRequestType,
  ModifyDnResponseType,
  ModifyRequestType,
  ModifyResponseType,
} from './update.ts';

/** protocolOp CHOICE (RFC 4511 §4.1.1); those that a server meets most often stand first. */
export const OperationType = choice({
  searchRequest: SearchRequestType,
  searchEntry: SearchResultEntryType,
  searchDone: SearchResultDoneType,
  searchReference: SearchResultReferenceType,
  bindRequest: BindRequestType,
  bindResponse: BindResponseType,
  unbindRequest: UnbindRequestType,
  modifyRequest: ModifyRequestType,
  modifyResponse: ModifyResponseType,
  addRequest: AddRequestType,
  addResponse: AddResponseType,
  deleteRequest: DelRequestType,
  deleteResponse: DelResponseType,
  modifyDnRequest: ModifyDnRequestType,
  modifyDnResponse: ModifyDnResponseType,
  compareRequest: CompareRequestType,
  compareResponse: CompareResponseType,
  abandonRequest: AbandonRequestType,
  extendedRequest: ExtendedRequestType,
  extendedResponse: ExtendedResponseType,
  intermediateResponse: IntermediateResponseType,
});

/** One operation or answer: `kind` names it. */
export type Operation = Infer<typeof OperationType>;

const MessageId = integer(0, MAX_INT);

/** LDAPMessage (RFC 4511 §4.1.1). */
export const MessageType = sequence(
  { messageId: MessageId, operation: OperationType, controls: optional(ControlsType) },
  EXTENSIBLE,
);
export type LdapMessage = Infer<typeof MessageType>;

/** Decodes one message that fills the octets. Throws WireError; values are views of the input. */
export function decodeMessage(bytes: Uint8Array): LdapMessage {
  return decodeBer(MessageType, bytes);
}

/** Encodes one message. */
export function encodeMessage(message: LdapMessage): Uint8Array {
  return encodeDer(MessageType, message, 256);
}

const SicilyMessage = sequence({ messageId: MessageId, operation: SicilyBindResponseType });

/** Encodes the answer to a Sicily bind (MS-ADTS 5.1.1.1.3). */
export function encodeSicilyResponse(
  messageId: number,
  operation: Infer<typeof SicilyBindResponseType>,
): Uint8Array {
  return encodeDer(SicilyMessage, { messageId, operation }, 256);
}

const EntryMessage = sequence({
  messageId: MessageId,
  operation: OutgoingEntryType,
  controls: optional(ControlsType),
});

/** Encodes a SearchResultEntry straight from texts and octets: the path that a search repeats. */
export function encodeEntry(
  messageId: number,
  entry: { readonly dn: string; readonly attributes: readonly OutgoingAttribute[] },
  controls?: readonly Control[],
): Uint8Array {
  const operation = { objectName: entry.dn, attributes: entry.attributes };
  return encodeDer(EntryMessage, { messageId, operation, controls }, 1024);
}

/** The outside of a message whose operation could not be read. */
export interface Envelope {
  readonly messageId: number;
  /** Identifier octet of the operation. */
  readonly tag: number;
}

const EnvelopeType = sequence(
  { messageId: MessageId, operation: anyValue, controls: optional(anyValue) },
  EXTENSIBLE,
);

/** Reads only the outside of a message, so that its request can be answered. Throws WireError. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const { messageId, operation } = decodeBer(EnvelopeType, bytes);
  return { messageId, tag: operation[0] ?? 0 };
}
