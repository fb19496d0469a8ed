import { concat } from '@doublehop/wire/bytes';
import type { NamedPipe } from '../client/pipe.ts';
import { SmbError } from '../errors.ts';
import { MAX_RPC_FRAGMENT, MAX_RPC_REQUEST } from '../limits.ts';
import {
  decodeBindAck,
  decodeFault,
  decodePdu,
  decodeResponse,
  encodeBind,
  encodePdu,
  encodeRequest,
  NDR,
  type Pdu,
  PduFlag,
  PduType,
  type Syntax,
} from './pdu.ts';

/** Calls operations of one interface over a named pipe (MS-RPCE 2.1.1.2). */
export class RpcClient {
  readonly #pipe: NamedPipe;
  #callId = 1;

  private constructor(pipe: NamedPipe) {
    this.#pipe = pipe;
  }

  /** Binds to an interface. Throws SmbError `unsupported` where it is not served. */
  static async bind(pipe: NamedPipe, abstract: Syntax): Promise<RpcClient> {
    const client = new RpcClient(pipe);
    const contexts = [{ id: 0, abstract, transfers: [NDR] }];
    const body = encodeBind({ maxFragment: MAX_RPC_FRAGMENT, contexts });
    const answer = await client.#exchange(PduType.bind, body);
    const taken = answer.type === PduType.bindAck && decodeBindAck(answer.body)[0]?.result === 0;
    if (taken) return client;
    throw new SmbError('unsupported', `${pipe.name} does not serve ${abstract.uuid}`);
  }

  /** Octets in NDR there and back. Throws SmbError `malformed`; a fault is one `unsupported`. */
  async call(opnum: number, stub: Uint8Array): Promise<Uint8Array> {
    const body = encodeRequest({ contextId: 0, opnum, stub });
    let pdu = await this.#exchange(PduType.request, body);
    const parts: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      if (pdu.type === PduType.fault) {
        const status = decodeFault(pdu).toString(16);
        throw new SmbError('unsupported', `operation ${opnum} ended in the fault 0x${status}`);
      }
      if (pdu.type !== PduType.response) throw new SmbError('malformed', 'no response of DCE/RPC');
      const part = decodeResponse(pdu);
      size += part.length;
      if (size > MAX_RPC_REQUEST) throw new SmbError('malformed', 'a response without an end');
      parts.push(part);
      if ((pdu.flags & PduFlag.last) !== 0) return concat(...parts);
      pdu = decodePdu(await this.#pipe.read());
    }
  }

  async #exchange(type: number, body: Uint8Array): Promise<Pdu> {
    const callId = this.#callId;
    this.#callId += 1;
    const flags = PduFlag.first | PduFlag.last;
    const answer = await this.#pipe.transact(encodePdu({ type, flags, callId, body }));
    const pdu = decodePdu(answer);
    if (pdu.callId !== callId) throw new SmbError('malformed', 'an answer to another call');
    return pdu;
  }
}
