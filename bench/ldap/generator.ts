import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from './messages.ts';

export type Result = Extract<Answer, { readonly kind: 'result' }>;

/** The load generator in its own process. */
export interface Generator {
  readonly pid: number;
  /** Builds the requests of a round, calls `ready`, sends them. */
  round(order: Order, ready: () => void): Promise<Result>;
  stop(): Promise<void>;
}

export function startGenerator(): Generator {
  const program = fileURLToPath(new URL('load.ts', import.meta.url));
  const child = fork(program, { execArgv: ['--conditions=@doublehop/source'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the load generator did not start');
  const exited = once(child, 'exit');
  const answerTo = async (message: Order | 'start'): Promise<Answer> => {
    const answered = once(child, 'message');
    child.send(message);
    const [answer]: unknown[] = await Promise.race([answered, exited.then(() => [])]);
    // The generator sends nothing else.
    return (answer ?? { kind: 'failed', reason: 'the load generator ended' }) as Answer;
  };
  return {
    pid,
    async round(order, ready) {
      const prepared = await answerTo(order);
      if (prepared.kind !== 'prepared') throw failure(prepared);
      ready();
      const result = await answerTo('start');
      if (result.kind !== 'result') throw failure(result);
      return result;
    },
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}

function failure(answer: Answer): Error {
  return new Error(answer.kind === 'failed' ? answer.reason : `unexpected: ${answer.kind}`);
}
