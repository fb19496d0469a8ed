import { PsDictionary, PsObject, Scalar, SecureText } from '@doublehop/powershell/objects/value';
import { ClientPool, type ClientEvent } from '@doublehop/remoting/psrp/client-pool';
import { makeExchangeKey } from '@doublehop/remoting/psrp/secure-string';
import { ServerPool, type ServerEvent } from '@doublehop/remoting/psrp/server-pool';
import type { Outgoing, Step } from '@doublehop/remoting/psrp/wire';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Guid } from '@doublehop/security/guid';
import { concat } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';

const POOL: Guid = '6f5d4c3b-2a19-4807-96a5-b4c3d2e1f001';
const EXCHANGE_KEY = await makeExchangeKey();

/** Both ends, and what each was told. */
class Session {
  readonly client: ClientPool;
  readonly server: ServerPool;
  readonly told: ClientEvent[] = [];
  readonly asked: ServerEvent[] = [];
  #ids = 0;

  constructor(fragmentSize = 200) {
    this.client = new ClientPool({
      id: POOL,
      newId: () => `6f5d4c3b-2a19-4807-96a5-${String(++this.#ids).padStart(12, '0')}`,
      exchangeKey: EXCHANGE_KEY,
      fragmentSize,
      maxRunspaces: 2,
    });
    this.server = new ServerPool({
      random: pooledRandom(),
      fragmentSize,
      privateData: new PsDictionary([['PSVersionTable', new PsDictionary([['PSVersion', '5.1']])]]),
    });
  }

  open(): void {
    this.toServer(this.client.open());
    this.toClient(this.server.opened());
  }

  /** What the client sends, and what the server sends back at once. */
  toServer(sent: Outgoing | Uint8Array): void {
    this.#asked(this.server.receive(octets(sent), streamOf(sent)));
  }

  toClient(sent: Outgoing): void {
    const { events, send } = this.client.receive(octets(sent), sent.pipelineId);
    this.told.push(...events);
    for (const one of send) this.toServer(one);
  }

  #asked({ events, send }: Step<ServerEvent>): void {
    this.asked.push(...events);
    for (const one of send) this.toClient(one);
  }

  /** The last event of the server's, which must be of that type. */
  lastAsked<T extends ServerEvent['type']>(type: T): Extract<ServerEvent, { type: T }> {
    const event = this.asked.at(-1);
    expect(event?.type).toBe(type);
    // Its type was just compared.
    return event as Extract<ServerEvent, { type: T }>;
  }
}

function octets(sent: Outgoing | Uint8Array): Uint8Array {
  return sent instanceof Uint8Array ? sent : concat(...sent.fragments);
}

function streamOf(sent: Outgoing | Uint8Array): Guid | undefined {
  return sent instanceof Uint8Array ? undefined : sent.pipelineId;
}

const call = (name: string, ...values: readonly (string | SecureText)[]) => ({
  name,
  isScript: false,
  args: values.map((value) => ({ value })),
});

describe('a session of both ends (MS-PSRP 3.1, 3.2)', () => {
  test('opens: versions, private data, Opened', () => {
    const session = new Session();
    session.open();
    expect([session.client.state, session.server.state]).toEqual(['Opened', 'Opened']);
    expect(session.client.server?.protocolVersion).toBe('2.3');
    expect(session.server.id).toBe(POOL);
    expect(session.told.map(({ type }) => type)).toEqual(['private-data', 'pool-state']);
    expect(session.lastAsked('open').request).toMatchObject({ minRunspaces: 1, maxRunspaces: 2 });
  });

  test('a pipeline: command names before arguments, input, all streams, an end', () => {
    const session = new Session();
    session.open();
    const { pipeline, send } = session.client.createPipeline({
      statements: [[call('Get-Item', 'C:\\'), { ...call('Sort-Object'), mergeError: true }]],
      noInput: false,
    });
    session.toServer(send);
    const { request, pipeline: running } = session.lastAsked('create-pipeline');
    const names = request.statements.map((commands) => commands.map(({ name }) => name));
    expect(names).toEqual([['Get-Item', 'Sort-Object']]);
    expect(request.statements[0]?.[0]?.args()).toEqual([{ value: 'C:\\' }]);
    expect(request.statements[0]?.[1]?.mergeError).toBe(true);
    session.toServer(pipeline.input(new Scalar('Guid', POOL)));
    expect(session.lastAsked('input').value).toEqual(new Scalar('Guid', POOL));
    session.toServer(pipeline.endInput());
    expect(session.lastAsked('end-of-input').pipeline).toBe(running);
    expect(() => pipeline.input(1)).toThrow('no input');

    session.told.length = 0;
    const record = {
      message: 'No such item.',
      errorId: 'PathNotFound',
      category: 'ObjectNotFound',
      target: 'C:\\',
      exceptionType: 'System.Management.Automation.ItemNotFoundException',
      activity: 'Get-Item',
      inner: ['First cause.'],
    } as const;
    const progress = {
      activity: 'Copying',
      activityId: 4,
      statusDescription: 'Good',
      percentComplete: 20,
      secondsRemaining: 30,
      completed: false,
    };
    for (const one of [
      running.output(new PsObject({ typeNames: ['A.B'], properties: { Name: 'x'.repeat(500) } })),
      running.error(record),
      running.warning('w'),
      running.verbose('v'),
      running.debug('d'),
      running.progress(progress),
      running.information({ message: 'hello', tags: ['PSHOST'] }),
      running.complete(),
    ]) {
      session.toClient(one);
    }
    expect(session.told.map((event) => event.type)).toEqual([
      'output',
      'error',
      'warning',
      'verbose',
      'debug',
      'progress',
      'information',
      'pipeline-state',
    ]);
    const [output, error, , , , shown] = session.told;
    expect(output).toMatchObject({ pipeline, value: { typeNames: ['Deserialized.A.B'] } });
    expect(error).toMatchObject({ record });
    expect(shown).toMatchObject({ record: progress });
    expect(pipeline.state).toBe('Completed');
    expect(() => running.output(1)).toThrow('has ended');
  });

  test('a host call is asked and answered', () => {
    const session = new Session();
    session.open();
    const { pipeline, send } = session.client.createPipeline({ statements: [[call('Read-Host')]] });
    session.toServer(send);
    const running = session.lastAsked('create-pipeline').pipeline;
    const asked = running.hostCall('ReadLine', []);
    session.toClient(asked.send);
    expect(session.told.at(-1)).toMatchObject({
      type: 'host-call',
      call: { callId: asked.callId, method: 'ReadLine', parameters: [] },
    });
    const answer = { callId: asked.callId, method: 'ReadLine', result: 'Alice' } as const;
    const response = pipeline.respond(answer);
    expect(response.isPriority).toBe(true);
    session.toServer(response);
    expect(session.lastAsked('host-response').response).toEqual(answer);
    session.toServer(pipeline.respond(answer));
    expect(session.lastAsked('broken').error.code).toBe('psrp');
  });

  test('SecureStrings go both ways after the exchange of keys, which close wipes', () => {
    const session = new Session();
    session.open();
    const secret = SecureText.of('Geheim-1');
    const spec = { statements: [[call('Use-Password', secret)]] };
    expect(() => session.client.createPipeline(spec)).toThrow('no key');
    const key = session.client.exchangeKeys();
    if (key === undefined) throw new Error('no key is sent');
    session.toServer(key);
    expect([session.client.hasKey, session.server.hasKey]).toEqual([true, true]);
    session.toServer(session.client.createPipeline(spec).send);
    const { request } = session.lastAsked('create-pipeline');
    const value = request.statements[0]?.[0]?.args()[0]?.value;
    expect(value instanceof SecureText && value.revealText()).toBe('Geheim-1');
    session.server.close();
    session.client.close();
    expect([session.client.hasKey, session.server.hasKey]).toEqual([false, false]);
  });

  test('the server asks for the key', () => {
    const session = new Session();
    session.open();
    session.toClient(session.server.requestKey());
    expect(session.told.at(-1)).toEqual({ type: 'session-key' });
  });

  test('a refusal and a stop end a pipeline with their error', () => {
    const session = new Session();
    session.open();
    const first = session.client.createPipeline({ statements: [[call('a')]] });
    session.toServer(first.send);
    const refusal = {
      message: 'no',
      errorId: 'ScriptsNotAllowed',
      category: 'ParserError',
      target: null,
    } as const;
    session.toClient(session.lastAsked('create-pipeline').pipeline.fail(refusal));
    expect(session.told.at(-1)).toMatchObject({ state: 'Failed', error: refusal });
    const second = session.client.createPipeline({ statements: [[call('b')]] });
    session.toServer(second.send);
    second.pipeline.stop();
    const running = session.lastAsked('create-pipeline').pipeline;
    running.stop();
    expect([second.pipeline.state, running.state]).toEqual(['Stopping', 'Stopping']);
    session.toClient(running.stopped());
    expect(session.told.at(-1)).toMatchObject({
      state: 'Stopped',
      error: { errorId: 'PipelineStopped' },
    });
    expect(second.pipeline.hasEnded).toBe(true);
  });

  test('runspaces are counted, set and reset', () => {
    const session = new Session();
    session.open();
    session.toServer(session.client.setRunspaces('max', 5).send);
    session.toServer(session.client.setRunspaces('min', 6).send);
    session.toServer(session.client.askAvailable().send);
    const reset = session.client.reset();
    session.toServer(reset.send);
    session.toClient(session.server.availability(session.lastAsked('reset').callId, true));
    const answers = session.told.filter(({ type }) => type === 'availability');
    expect(answers).toEqual([
      { type: 'availability', callId: 1n, answer: true },
      { type: 'availability', callId: 2n, answer: false },
      { type: 'availability', callId: 3n, answer: 5n },
      { type: 'availability', callId: reset.callId, answer: true },
    ]);
  });

  test('another client connects to the pool', () => {
    const session = new Session();
    session.open();
    session.server.disconnect();
    const other = new ClientPool({ id: POOL, newId: () => POOL });
    const { events, send } = session.server.receive(other.connect());
    const [event] = events;
    if (event?.type !== 'connect') throw new Error('not connected');
    const told = [event.response, ...send.map(octets)].flatMap((one) => other.receive(one).events);
    expect(told.map(({ type }) => type)).toEqual(['bounds', 'private-data', 'pool-state']);
    expect(other.state).toBe('Opened');
  });
});

describe('what is not due breaks the pool', () => {
  test('a pipeline before the pool is open', () => {
    const session = new Session();
    session.open();
    const { send } = session.client.createPipeline({ statements: [[call('a')]] });
    const fresh = new ServerPool({ random: pooledRandom(), privateData: new PsDictionary() });
    const step = fresh.receive(octets(send));
    expect(step.events).toMatchObject([{ type: 'broken', error: { code: 'state' } }]);
    expect(fresh.state).toBe('Broken');
    expect(fresh.receive(octets(send))).toEqual({ events: [], send: [] });
  });

  test('a message of another pool, or in the stream of another pipeline', () => {
    const session = new Session();
    session.open();
    const { send } = session.client.createPipeline({ statements: [[call('a')]] });
    const step = session.server.receive(octets(send), POOL);
    expect(step.events).toMatchObject([{ type: 'broken', error: { code: 'psrp' } }]);
  });
});
