import type { Guid } from '@doublehop/security/guid';
import { RemotingError } from '../errors.ts';
import { Defragmenter, Fragmenter } from './fragments.ts';
import { decodeMessage, type Destination, encodeMessage, type MessageName } from './message.ts';
import { type Bodies, decodeBody, encodeBody } from './messages/bodies.ts';
import type { SessionKey } from './secure-string.ts';

/** Fragments that go to the other side, in this order. */
export interface Outgoing {
  /** Pipeline whose stream they belong to; undefined: the pool's. */
  readonly pipelineId: Guid | undefined;
  /** Answers to host calls go before other things: stream `pr` of WS-Man. */
  readonly isPriority: boolean;
  /** Each at most as large as was asked for; never to be split again. */
  readonly fragments: readonly Uint8Array[];
}

/** What came of octets that were received: what to tell, and what to send. */
export interface Step<E> {
  readonly events: readonly E[];
  readonly send: readonly Outgoing[];
}

/** A message of any type with its body. */
export type AnyMessage = {
  readonly [K in MessageName]: {
    readonly type: K;
    readonly pipelineId: Guid | undefined;
    readonly poolId: Guid;
    readonly body: Bodies[K];
  };
}[MessageName];

/** How large things may be. */
export interface WireOptions {
  /** Octets of a fragment; what fits into the transport's envelope. Default: 32 KiB. */
  readonly fragmentSize?: number;
  /** Octets of a message that is taken. Default: 10 MiB. */
  readonly maxMessage?: number;
}

/** One end's messages, out as fragments and in from fragments. */
export class PsrpWire {
  /** Pool that messages are of. */
  poolId: Guid;
  /** For SecureStrings; undefined: keys were not exchanged yet. */
  key: SessionKey | undefined;
  readonly #to: Destination;
  readonly #fragmenter: Fragmenter;
  readonly #defragmenter: Defragmenter;

  /** `to`: who is at the other end. */
  constructor(poolId: Guid, to: Destination, { fragmentSize, maxMessage }: WireOptions) {
    this.poolId = poolId;
    this.#to = to;
    this.#fragmenter = new Fragmenter(fragmentSize);
    this.#defragmenter = new Defragmenter(maxMessage);
  }

  /** Throws RemotingError `clixml`, `limit`, or `crypto`: a SecureString before there is a key. */
  send<K extends MessageName>(
    type: K,
    body: Bodies[K],
    pipelineId?: Guid,
    poolId: Guid = this.poolId,
  ): Outgoing {
    const data = encodeBody(type, body, this.key === undefined ? {} : { secure: this.key });
    const message = encodeMessage({ destination: this.#to, type, poolId, pipelineId, data });
    return {
      pipelineId,
      isPriority: PRIORITY.has(type),
      fragments: this.#fragmenter.fragment(message),
    };
  }

  /**
   * Messages that are whole now, decoded one after the other, for one may bring the key of the
   * next. Throws RemotingError.
   */
  *receive(bytes: Uint8Array, stream?: Guid): Generator<AnyMessage, void> {
    for (const whole of this.#defragmenter.receive(bytes, stream)) {
      const { destination, type, poolId, pipelineId, data } = decodeMessage(whole);
      if (destination === this.#to) throw new RemotingError('psrp', 'a message for the other side');
      if (stream !== undefined && pipelineId !== stream) {
        throw new RemotingError('psrp', 'a message in the stream of another pipeline');
      }
      const body = decodeBody(type, data, this.key === undefined ? {} : { secure: this.key });
      // The body is the one of that type.
      yield { type, pipelineId, poolId, body } as AnyMessage;
    }
  }

  /** Forgets what has not come whole, and the key. */
  close(): void {
    this.#defragmenter.clear();
    this.key?.wipe();
    this.key = undefined;
  }
}

const PRIORITY: ReadonlySet<MessageName> = new Set<MessageName>([
  'RUNSPACEPOOL_HOST_RESPONSE',
  'PIPELINE_HOST_RESPONSE',
]);

/** A message that is not due now. */
export function notDue(type: MessageName, state: string): RemotingError {
  return new RemotingError('state', `${type} is not due in state ${state}`);
}
