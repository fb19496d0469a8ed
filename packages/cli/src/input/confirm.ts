import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';

/** Asks whether to go on. Where nobody can be asked, `--yes` is demanded. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  if (!context.input.isTerminal) {
    throw new UsageError(`${question} Nobody can be asked here: add --yes, or --dry-run to look`);
  }
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      context.err(chunk.toString());
      done();
    },
  });
  const lines = createInterface({ input: context.input.stream, output });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
