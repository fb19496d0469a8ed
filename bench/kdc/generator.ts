import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Case, LoadResult, Order, Target } from './messages.ts';

/** The load generator in its own process. */
export interface Generator {
  readonly pid: number;
  /** Builds requests that are sent by the next `run`. */
  prepare(target: Target, kind: Case, requests: number): Promise<void>;
  /** Sends them, `window` outstanding at a time. */
  run(window: number): Promise<LoadResult>;
  stop(): Promise<void>;
}

export function startGenerator(): Generator {
  const program = fileURLToPath(new URL('load.ts', import.meta.url));
  const child = fork(program, { execArgv: ['--conditions=@doublehop/source'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the load generator did not start');
  const exited = once(child, 'exit');
  const order = async (message: Order): Promise<Answer> => {
    const answered = once(child, 'message');
    child.send(message);
    const [answer]: unknown[] = await Promise.race([answered, exited.then(() => [])]);
    // The generator sends nothing else.
    return (answer ?? { kind: 'failed', reason: 'the load generator ended' }) as Answer;
  };
  return {
    pid,
    async prepare(target, kind, requests) {
      const answer = await order({ kind: 'prepare', target, case: kind, requests });
      if (answer.kind !== 'prepared') throw failure(answer);
    },
    async run(window) {
      const answer = await order({ kind: 'run', window });
      if (answer.kind !== 'result') throw failure(answer);
      return answer;
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
