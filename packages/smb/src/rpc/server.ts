import { SecurityError } from '@doublehop/security/errors';
import { concat } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import { SmbError } from '../errors.ts';
import { MAX_RPC_FRAGMENT, MAX_RPC_REQUEST } from '../limits.ts';
import type { PipeEnd, PipeHandler, ShareUser } from '../server/options.ts';
import {
  decodeBind,
  decodePdu,
  decodeRequest,
  encodeBindAck,
  encodeFault,
  encodePdu,
  encodeResponse,
  NDR,
  type Pdu,
  PduFlag,
  PduType,
  sameSyntax,
  type Syntax,
} from './pdu.ts';

/** An interface that is served: what its operations answer. */
export interface RpcInterface extends Syntax {
  /** Name of the pipe that it is known by: `\PIPE\srvsvc`. */
  readonly endpoint: string;
  /**
   * Carries out an operation on its octets in NDR. Throws RpcFault, or WireError for parameters
   * that cannot be read.
   */
  call(opnum: number, stub: Uint8Array, user: ShareUser): Uint8Array | Promise<Uint8Array>;
}

/** Statuses of faults (C706 appendix E, MS-RPCE 2.2.2.11). */
export const FaultStatus = {
  operationRange: 0x1c01_0002,
  unknownInterface: 0x1c01_0003,
  protocol: 0x1c01_000b,
  accessDenied: 0x0000_0005,
  badStub: 0x0000_06f7,
} as const;

/** A fault that an operation ends in. */
export class RpcFault extends Error {
  /** One of FaultStatus, or an error of Windows. */
  readonly status: number;

  constructor(status: number) {
    super(`DCE/RPC fault 0x${status.toString(16)}`);
    this.name = 'RpcFault';
    this.status = status;
  }
}

/** Serves DCE/RPC over a named pipe (MS-RPCE 2.1.1.2), without security of its own. */
export function rpcPipe(interfaces: readonly RpcInterface[]): PipeHandler {
  return { open: (user) => new RpcEnd(interfaces, user) };
}

const NAK_AUTHENTICATION = 8;
const REJECTED = 2;

class RpcEnd implements PipeEnd {
  readonly #interfaces: readonly RpcInterface[];
  readonly #user: ShareUser;
  readonly #contexts = new Map<number, RpcInterface>();
  #maxFragment = MAX_RPC_FRAGMENT;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(interfaces: readonly RpcInterface[], user: ShareUser) {
    this.#interfaces = interfaces;
    this.#user = user;
  }

  async write(message: Uint8Array): Promise<readonly Uint8Array[]> {
    const pdu = decodePdu(message);
    switch (pdu.type) {
      case PduType.bind:
      case PduType.alterContext:
        return [this.#bind(pdu)];
      case PduType.request:
        return await this.#request(pdu);
      case PduType.orphaned:
        return [];
      default:
        return [encodeFault(pdu.callId, 0, FaultStatus.protocol)];
    }
  }

  close(): void {
    this.#contexts.clear();
    this.#parts = [];
  }

  #bind({ type, callId, authLength, body }: Pdu): Uint8Array {
    const flags = PduFlag.first | PduFlag.last;
    if (authLength > 0) {
      // The pipe is authenticated already; nothing else is spoken over it.
      const nak = Uint8Array.of(NAK_AUTHENTICATION, 0, 0, 0);
      return encodePdu({ type: PduType.bindNak, flags, callId, body: nak });
    }
    const { maxFragment, contexts } = decodeBind(body);
    this.#maxFragment = Math.max(1_432, Math.min(maxFragment, MAX_RPC_FRAGMENT));
    let endpoint = '';
    const results = contexts.map(({ id, abstract, transfers }) => {
      const found = this.#interfaces.find((one) => sameSyntax(one, abstract));
      if (found === undefined) return { result: REJECTED, reason: 1 };
      if (!transfers.some((one) => sameSyntax(one, NDR))) return { result: REJECTED, reason: 2 };
      this.#contexts.set(id, found);
      ({ endpoint } = found);
      return { result: 0, reason: 0 };
    });
    const isBind = type === PduType.bind;
    const answer = encodeBindAck(isBind ? endpoint : '', 0x1063, this.#maxFragment, results);
    const kind = isBind ? PduType.bindAck : PduType.alterContextResponse;
    return encodePdu({ type: kind, flags, callId, body: answer });
  }

  async #request(pdu: Pdu): Promise<readonly Uint8Array[]> {
    const { contextId, opnum, stub } = decodeRequest(pdu);
    if ((pdu.flags & PduFlag.first) !== 0) {
      this.#parts = [];
      this.#size = 0;
    }
    this.#size += stub.length;
    const target = this.#contexts.get(contextId);
    if (target === undefined || this.#size > MAX_RPC_REQUEST || pdu.authLength > 0) {
      const status = target === undefined ? FaultStatus.unknownInterface : FaultStatus.protocol;
      return [encodeFault(pdu.callId, contextId, status)];
    }
    this.#parts.push(stub);
    if ((pdu.flags & PduFlag.last) === 0) return [];
    const whole = concat(...this.#parts);
    this.#parts = [];
    try {
      const answer = await target.call(opnum, whole, this.#user);
      return encodeResponse(pdu.callId, contextId, answer, this.#maxFragment);
    } catch (error) {
      return [encodeFault(pdu.callId, contextId, faultOf(error))];
    }
  }
}

function faultOf(error: unknown): number {
  if (error instanceof RpcFault) return error.status;
  const isBad =
    error instanceof WireError || error instanceof SmbError || error instanceof SecurityError;
  if (isBad) return FaultStatus.badStub;
  throw error;
}
