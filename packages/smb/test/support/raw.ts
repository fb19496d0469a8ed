// A session of which a test makes every message itself.
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import { spnegoInitiator } from '@doublehop/kerberos/spnego/initiator';
import { decodeGuid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import { Command, Dialect, Fsctl, RELATED_ID } from '../../src/messages/constants.ts';
import { encodeCreateRequest, type FileId } from '../../src/messages/create.ts';
import {
  chainMessages,
  encodeMessage,
  frameKind,
  type Header,
  type Message,
  splitMessages,
} from '../../src/messages/header.ts';
import {
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  type NegotiateRequest,
  type NegotiateResponse,
} from '../../src/messages/negotiate.ts';
import { encodeIoctlRequest } from '../../src/messages/query.ts';
import {
  decodeSessionSetupResponse,
  encodeSessionSetupRequest,
  encodeTreeConnectRequest,
} from '../../src/messages/session.ts';
import {
  encodeValidateRequest,
  type ValidateRequest,
} from '../../src/messages/validate-negotiate.ts';
import { preauthNext, PREAUTH_START } from '../../src/security/preauth.ts';
import { sessionKeys, type SessionKeys } from '../../src/security/keys.ts';
import { NOW, random, RawConnection, ticketFor } from './host.ts';

/** A request: what is not said is as a client would have it. */
export interface RawRequest extends Partial<Header> {
  readonly command: number;
  readonly body: Uint8Array;
}

export const REQUEST: NegotiateRequest = {
  securityMode: 1,
  capabilities: 0x44,
  clientGuid: decodeGuid(new Uint8Array(16).fill(9)),
  dialects: [Dialect.smb302],
  contexts: [],
};

/** The identifier of the file of the request before. */
export const PREVIOUS: FileId = { persistent: RELATED_ID, volatile: RELATED_ID };

/** NEGOTIATE and SESSION_SETUP done, in dialect 3.0.2 unless another is offered. */
export class RawSession {
  readonly raw: RawConnection;
  readonly response: NegotiateResponse;
  readonly setup: Message;
  readonly keys: SessionKeys;
  readonly sessionId: bigint;
  messageId = 2n;
  treeId = 0;

  private constructor(
    raw: RawConnection,
    response: NegotiateResponse,
    setup: Message,
    keys: SessionKeys,
  ) {
    this.raw = raw;
    this.response = response;
    this.setup = setup;
    this.keys = keys;
    this.sessionId = setup.header.sessionId;
  }

  static async open(
    port: number,
    { request = REQUEST, user = 'alice', previousSessionId = 0n } = {},
  ): Promise<RawSession> {
    const raw = await RawConnection.open(port);
    const negotiate = encodeMessage(
      headerOf({ command: Command.negotiate }, 0n),
      encodeNegotiateRequest(request),
    );
    raw.send(negotiate);
    const negotiated = await one(raw);
    const response = decodeNegotiateResponse(negotiated.bytes);
    const negotiation = spnegoInitiator(() =>
      krb5Initiator({ credentials: ticketFor(user), clock: () => NOW, random }),
    );
    const setup = encodeMessage(
      headerOf({ command: Command.sessionSetup, credits: 64 }, 1n),
      encodeSessionSetupRequest({
        flags: 0,
        securityMode: 1,
        capabilities: 0,
        previousSessionId,
        token: negotiation.step().token ?? new Uint8Array(0),
      }),
    );
    raw.send(setup);
    const done = await one(raw);
    negotiation.step(decodeSessionSetupResponse(done.bytes).token);
    let preauthHash = PREAUTH_START;
    for (const bytes of [negotiate, negotiated.bytes, setup]) {
      preauthHash = preauthNext(preauthHash, bytes);
    }
    const key = negotiation.context?.key.bytes() ?? new Uint8Array(0);
    const terms = { dialect: response.dialect, cipher: 1, signing: undefined, preauthHash };
    return new RawSession(raw, response, done, sessionKeys('client', key, terms));
  }

  /** Messages, signed, one or a compound; their numbers follow each other. */
  encode(...requests: readonly RawRequest[]): Uint8Array {
    const messages = requests.map((request) => {
      const { sessionId, treeId } = this;
      const header = headerOf({ sessionId, treeId, ...request }, this.messageId);
      if (request.messageId === undefined) this.messageId += BigInt(header.creditCharge);
      return encodeMessage(header, request.body);
    });
    const chained = chainMessages(messages);
    for (const message of chained) this.keys.signer.sign(message);
    return concat(...chained);
  }

  /** Sends and waits for the answers; every one must be signed. */
  async exchange(...requests: readonly RawRequest[]): Promise<Message[]> {
    this.raw.send(this.encode(...requests));
    const answers = await this.answers();
    for (const { bytes } of answers) {
      if (!this.keys.signer.verify(bytes)) throw new Error('an answer is not signed');
    }
    return answers;
  }

  async answers(): Promise<Message[]> {
    const bytes = await this.raw.next();
    if (bytes === undefined) throw new Error('the server closed');
    const isSealed = frameKind(bytes) === 'transform';
    return splitMessages(isSealed ? (this.keys.opener?.open(bytes) ?? bytes) : bytes);
  }

  /** The status of one request. */
  async status(request: RawRequest): Promise<number> {
    const [answer] = await this.exchange(request);
    return answer?.header.status ?? -1;
  }

  async tree(share = 'data'): Promise<void> {
    const body = encodeTreeConnectRequest({ path: `\\\\serverc\\${share}` });
    const [answer] = await this.exchange({ command: Command.treeConnect, body, treeId: 0 });
    this.treeId = answer?.header.treeId ?? 0;
  }
}

/** CREATE of a file or folder, to read it. */
export function createRequest(
  name: string,
  more: Partial<Record<string, number>> = {},
): RawRequest {
  const how = {
    oplockLevel: 0,
    impersonation: 2,
    desiredAccess: 0x12_0089,
    attributes: 0,
    shareAccess: 7,
    disposition: 1,
    options: 0,
    ...more,
  };
  return { command: Command.create, body: encodeCreateRequest({ ...how, name, contexts: [] }) };
}

/** VALIDATE_NEGOTIATE_INFO. */
export function validateRequest(request: ValidateRequest): RawRequest {
  const input = encodeValidateRequest(request);
  const code = Fsctl.validateNegotiateInfo;
  const control = { code, fileId: PREVIOUS, input, maxOutput: 24, isFsctl: true };
  return { command: Command.ioctl, body: encodeIoctlRequest(control) };
}

function headerOf(request: Partial<Header>, messageId: bigint): Header {
  return {
    creditCharge: 1,
    status: 0,
    command: 0,
    credits: 8,
    flags: 0,
    messageId,
    treeId: 0,
    asyncId: undefined,
    sessionId: 0n,
    ...request,
  };
}

async function one(raw: RawConnection): Promise<Message> {
  const [first] = splitMessages((await raw.next()) ?? new Uint8Array(0));
  if (first === undefined) throw new Error('no answer');
  return first;
}
