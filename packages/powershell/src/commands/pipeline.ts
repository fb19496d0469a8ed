import { asList } from '../objects/convert.ts';
import type { PsValue } from '../objects/value.ts';
import { type Binding, bindArguments, bindComplete, bindObject, takesObjects } from './bind.ts';
import { objectNotBound } from './bind-errors.ts';
import {
  type Command,
  type CommandCall,
  CommandFailure,
  type CommandHost,
  type CommandStreams,
  type Display,
  type InvokeBlock,
  type Invocation,
  type PipelineCall,
} from './command.ts';
import { withPreferences } from './common-parameters.ts';
import { errorObject } from './error-record.ts';

/** What a pipeline runs with. */
export interface PipelineOptions<S> {
  /** The command of that name, or of that alias; undefined: there is none, or not for this user. */
  readonly find: (name: string) => Command<S> | undefined;
  readonly session: S;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  readonly invokeBlock: InvokeBlock;
  readonly display: Display;
  /** Whom commands can ask something; absent: nobody. */
  readonly host?: CommandHost;
  /** What comes in from before the first command. */
  readonly input?: AsyncIterable<PsValue> | Iterable<PsValue>;
}

/**
 * Runs commands joined by `|`: each object goes down the line as soon as it is put out, and a
 * command goes on when the next has taken it. Throws CommandFailure when a command ends with an
 * error, and the signal's reason when it was stopped.
 */
export async function runPipeline<S>(
  calls: PipelineCall,
  options: PipelineOptions<S>,
): Promise<void> {
  const bindings = calls.map((call) => ({ call, ...bind(call, options) }));
  let next: Sink = { push: (value) => options.streams.output(value), finish: async () => {} };
  const stages: Stage<S>[] = [];
  for (const { call, command, binding } of bindings.toReversed()) {
    const stage = new Stage({ call, command, binding, options, next });
    stages.unshift(stage);
    next = stage;
  }
  const [first] = stages;
  if (first === undefined) return;
  if (options.input === undefined) await untilSatisfied(stages, () => first.runAlone());
  else await untilSatisfied(stages, () => feed(first, options));
}

interface Sink {
  push(value: PsValue): Promise<void> | void;
  finish(): Promise<void>;
}

/** A later command needs no more objects: those before it end. */
class Satisfied extends Error {
  readonly stage: unknown;

  constructor(stage: unknown) {
    super('the pipeline has all it needs');
    this.stage = stage;
  }
}

async function feed<S>(first: Stage<S>, { input = [], signal }: PipelineOptions<S>): Promise<void> {
  for await (const value of input) {
    signal.throwIfAborted();
    await first.push(value);
  }
  await first.finish();
}

async function untilSatisfied<S>(
  stages: readonly Stage<S>[],
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    const satisfied = error instanceof Satisfied ? error.stage : undefined;
    const stage = stages.find((one) => one === satisfied);
    if (stage === undefined) throw error;
    await untilSatisfied(stages, () => stage.finish());
  }
}

function bind<S>(
  call: CommandCall,
  { find }: PipelineOptions<S>,
): { command: Command<S>; binding: Binding } {
  const command = find(call.name);
  if (command === undefined) throw notFound(call.name);
  return { command, binding: bindArguments(command, call.args) };
}

/** The error for a name that is no command, with PowerShell's words. */
export function notFound(name: string): CommandFailure {
  return new CommandFailure({
    message:
      `The term '${name}' is not recognized as the name of a cmdlet, function, script file, or ` +
      'operable program. Check the spelling of the name, or if a path was included, verify that ' +
      'the path is correct and try again.',
    errorId: 'CommandNotFoundException',
    category: 'ObjectNotFound',
    target: name,
    exceptionType: 'System.Management.Automation.CommandNotFoundException',
  });
}

interface StageParts<S> {
  readonly call: CommandCall;
  readonly command: Command<S>;
  readonly binding: Binding;
  readonly options: PipelineOptions<S>;
  readonly next: Sink;
}

/** One command in its place of the pipeline. */
class Stage<S> implements Sink {
  readonly #parts: StageParts<S>;
  readonly #streams: CommandStreams;
  #staged: { process(item: PsValue): Promise<void> | void; end(): Promise<void> } | undefined;

  constructor(parts: StageParts<S>) {
    const { call, command, binding, options, next } = parts;
    this.#parts = parts;
    const own: CommandStreams = {
      ...options.streams,
      output: (value) => {
        options.signal.throwIfAborted();
        return next.push(value);
      },
      error: (record) =>
        call.mergeError === true ? next.push(errorObject(record)) : options.streams.error(record),
    };
    this.#streams = withPreferences(own, binding.common);
    if ('begin' in command) this.#begin(command);
  }

  /** The first command of a line that nothing comes into. */
  async runAlone(): Promise<void> {
    const { command, binding } = this.#parts;
    if (this.#staged === undefined) {
      if ('run' in command) await command.run(this.#invocation(bindComplete(binding)));
    } else {
      for (const item of givenObjects(binding)) await this.push(item);
    }
    await this.finish();
  }

  push(item: PsValue): Promise<void> | void {
    const { command, binding } = this.#parts;
    if (this.#staged !== undefined) return this.#staged.process(item);
    const complete = takesObjects(binding) ? bindObject(binding, item) : undefined;
    if (complete === undefined) return this.#streams.error(objectNotBound(command, item).record);
    return 'run' in command ? command.run(this.#invocation(complete)) : undefined;
  }

  async finish(): Promise<void> {
    await this.#staged?.end();
    this.#staged = undefined;
    await this.#parts.next.finish();
  }

  #begin(command: Extract<Command<S>, { begin: unknown }>): void {
    const { binding } = this.#parts;
    const stage = command.begin(this.#invocation(bindComplete(binding)));
    this.#staged = {
      process: async (item) => {
        await stage.process(item);
        if (stage.isSatisfied?.() === true) throw new Satisfied(this);
      },
      end: async () => stage.end?.(),
    };
  }

  #invocation(complete: Pick<Invocation<S>, 'bound' | 'parameterSet'>): Invocation<S> {
    const { session, signal, invokeBlock, display, host } = this.#parts.options;
    const asked = host === undefined ? {} : { host };
    const streams = this.#streams;
    return { session, signal, invokeBlock, display, streams, ...asked, ...complete };
  }
}

/** The objects that `-InputObject` names: a command that keeps something takes them one by one. */
function givenObjects({ command, bound }: Binding): readonly PsValue[] {
  const whole = command.parameters.find(({ fromPipeline }) => fromPipeline === true);
  const given = whole === undefined ? undefined : bound.get(whole.name);
  return given === undefined ? [] : asList(given);
}
