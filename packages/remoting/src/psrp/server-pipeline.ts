import type { ProgressRecord } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import type { PsValue } from '@doublehop/powershell/objects/value';
import type { Guid } from '@doublehop/security/guid';
import { RemotingError } from '../errors.ts';
import type { MessageName } from './message.ts';
import type { Bodies } from './messages/bodies.ts';
import type { PipelineState } from './messages/enums.ts';
import type { HostMethod } from './messages/host-call.ts';
import type { InformationRecord } from './messages/streams.ts';
import type { HostCalls } from './host-calls.ts';
import type { Outgoing, PsrpWire } from './wire.ts';

/**
 * A pipeline at the server's end (MS-PSRP 3.2.1.4): its methods give what is to be sent. It runs
 * from the beginning until one of `complete`, `fail` and `stopped`; after that, nothing may come.
 */
export class ServerPipeline {
  readonly id: Guid;
  readonly #wire: PsrpWire;
  readonly #calls: HostCalls;
  readonly #ended: () => void;
  #state: PipelineState = 'Running';

  constructor(id: Guid, wire: PsrpWire, calls: HostCalls, ended: () => void) {
    this.id = id;
    this.#wire = wire;
    this.#calls = calls;
    this.#ended = ended;
  }

  get state(): PipelineState {
    return this.#state;
  }

  output(value: PsValue): Outgoing {
    return this.#send('PIPELINE_OUTPUT', value);
  }

  error(record: ErrorRecord): Outgoing {
    return this.#send('ERROR_RECORD', record);
  }

  warning(text: string): Outgoing {
    return this.#send('WARNING_RECORD', text);
  }

  verbose(text: string): Outgoing {
    return this.#send('VERBOSE_RECORD', text);
  }

  debug(text: string): Outgoing {
    return this.#send('DEBUG_RECORD', text);
  }

  progress(record: ProgressRecord): Outgoing {
    return this.#send('PROGRESS_RECORD', record);
  }

  /** Peers before protocol version 2.3 have no such message. */
  information(record: InformationRecord): Outgoing {
    return this.#send('INFORMATION_RECORD', record);
  }

  /** Asks the client's host; a call with a result is answered by an event of that `callId`. */
  hostCall(
    method: HostMethod,
    parameters: readonly PsValue[],
  ): { readonly callId: bigint; readonly send: Outgoing } {
    const callId = this.#calls.begin(method);
    return { callId, send: this.#send('PIPELINE_HOST_CALL', { callId, method, parameters }) };
  }

  /** Somebody asked that it stops: it may still put out until `stopped`. */
  stop(): void {
    if (this.#state === 'Running') this.#state = 'Stopping';
  }

  complete(): Outgoing {
    return this.#end('Completed');
  }

  /** Ended by an error (a refusal too): the record goes with the state. */
  fail(error: ErrorRecord): Outgoing {
    return this.#end('Failed', error);
  }

  /** It stopped because somebody asked for it. */
  stopped(): Outgoing {
    return this.#end('Stopped', {
      message: 'The pipeline has been stopped.',
      errorId: 'PipelineStopped',
      category: 'OperationStopped',
      target: null,
      exceptionType: 'System.Management.Automation.PipelineStoppedException',
    });
  }

  #end(state: PipelineState, error?: ErrorRecord): Outgoing {
    const outgoing = this.#send(
      'PIPELINE_STATE',
      error === undefined ? { state } : { state, error },
    );
    this.#state = state;
    this.#ended();
    return outgoing;
  }

  #send<K extends MessageName>(type: K, body: Bodies[K]): Outgoing {
    if (this.#state !== 'Running' && this.#state !== 'Stopping') {
      throw new RemotingError('state', 'the pipeline has ended');
    }
    return this.#wire.send(type, body, this.id);
  }
}
