import type { PsValue } from '@doublehop/powershell/objects/value';
import type { Guid } from '@doublehop/security/guid';
import { RemotingError } from '../errors.ts';
import type { PipelineState } from './messages/enums.ts';
import type { HostResponse } from './messages/host-call.ts';
import type { Outgoing, PsrpWire } from './wire.ts';

/** A pipeline at the client's end (MS-PSRP 3.1.1.3): its methods give what is to be sent. */
export class ClientPipeline {
  readonly id: Guid;
  readonly #wire: PsrpWire;
  readonly #takesInput: boolean;
  #state: PipelineState = 'Running';
  #hasEndedInput = false;

  constructor(id: Guid, wire: PsrpWire, takesInput: boolean) {
    this.id = id;
    this.#wire = wire;
    this.#takesInput = takesInput;
  }

  get state(): PipelineState {
    return this.#state;
  }

  get hasEnded(): boolean {
    return ['Stopped', 'Completed', 'Failed'].includes(this.#state);
  }

  /** Throws RemotingError `state` where the pipeline takes none. */
  input(value: PsValue): Outgoing {
    this.#checkInput();
    return this.#wire.send('PIPELINE_INPUT', value, this.id);
  }

  endInput(): Outgoing {
    this.#checkInput();
    this.#hasEndedInput = true;
    return this.#wire.send('END_OF_PIPELINE_INPUT', null, this.id);
  }

  /** Answers a host call of this pipeline. */
  respond(response: HostResponse): Outgoing {
    return this.#wire.send('PIPELINE_HOST_RESPONSE', response, this.id);
  }

  /** Marks that the transport was asked to stop it; the server's state follows (3.1.4.4). */
  stop(): void {
    if (this.#state === 'Running') this.#state = 'Stopping';
  }

  /** For the pool: what the server said. */
  enter(state: PipelineState): void {
    this.#state = state;
  }

  #checkInput(): void {
    if (!this.#takesInput || this.#hasEndedInput || this.hasEnded) {
      throw new RemotingError('state', 'the pipeline takes no input');
    }
  }
}
