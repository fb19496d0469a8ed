import { stat } from 'node:fs/promises';
import type { Context, Input } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from './file.ts';

/** The longest password that is read. */
const MAX_SECRET = 4_096;

/**
 * A password: the first line of a file (`-`: of standard input), else of a prompt that shows
 * nothing, else of standard input where there is no terminal. Never an argument: those are in the
 * process list.
 */
export async function readPassword(
  context: Context,
  prompt: string,
  file?: string,
): Promise<string> {
  const text = await readText(context, prompt, file);
  const password = text.split(/\r?\n/, 1)[0] ?? '';
  if (password === '') {
    throw new UsageError(`${file === undefined ? 'the password' : '--password-file'} is empty`);
  }
  if (password.length > MAX_SECRET) throw new UsageError('the password is too long');
  return password;
}

/**
 * Asks for several passwords, each as `readPassword` does; standard input, where it is not a
 * terminal or a file is `-`, has them line by line.
 */
export function passwordReader(
  context: Context,
): (prompt: string, file?: string) => Promise<string> {
  let lines: string[] | undefined;
  return async (prompt, file) => {
    const fromInput = file === '-' || (file === undefined && !context.input.isTerminal);
    if (!fromInput) return await readPassword(context, prompt, file);
    lines ??= (await allText(context.input)).split(/\r?\n/);
    const password = lines.shift() ?? '';
    if (password === '') throw new UsageError(`standard input ends before: ${prompt}`);
    if (password.length > MAX_SECRET) throw new UsageError('the password is too long');
    return password;
  };
}

/** Standard input, up to more than anybody's passwords have. */
async function allText({ stream }: Input): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > 4 * MAX_SECRET) break;
  }
  return text;
}

async function readText(context: Context, prompt: string, file?: string): Promise<string> {
  if (file !== undefined && file !== '-') {
    return (await readSecretFile(context, '--password-file', file)).toString();
  }
  if (file === undefined && context.input.isTerminal) return await promptSecret(context, prompt);
  return await firstLine(context.input);
}

/** A file with a secret; that others can read it is told, and not held against it. */
export async function readSecretFile(
  { err }: Pick<Context, 'err'>,
  argument: string,
  path: string,
): Promise<Buffer> {
  const content = await readArgument(argument, path);
  // Windows has no such bits: every file seems to be everybody's there.
  const isOpen = process.platform !== 'win32' && ((await stat(path)).mode & OTHERS_READ) !== 0;
  if (isOpen) err(`warning: everybody on this machine can read ${path}: chmod 600 ${path}\n`);
  return content;
}

const OTHERS_READ = 0o004;

/** The first line of standard input. */
export async function firstLine({ stream }: Input): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MAX_SECRET) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}

async function promptSecret(context: Context, prompt: string): Promise<string> {
  const { stream, setRaw } = context.input;
  // First this: what is typed ahead of the prompt's last letter must not be shown either.
  setRaw?.(true);
  context.err(`${prompt}: `);
  stream.setEncoding('utf8').resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = '';
      const take = (chunk: string): void => {
        for (const char of chunk) {
          if (char === '\r' || char === '\n' || char === CONTROL.endOfInput) {
            stream.removeListener('data', take);
            resolve(typed);
            return;
          }
          if (char === CONTROL.interrupt) {
            stream.removeListener('data', take);
            reject(new UsageError('interrupted'));
            return;
          }
          if (char === CONTROL.backspace || char === '\b')
            typed = Array.from(typed).slice(0, -1).join('');
          else if (char === CONTROL.kill) typed = '';
          else typed += char;
        }
      };
      stream.on('data', take);
    });
  } finally {
    setRaw?.(false);
    stream.pause();
    context.err('\n');
  }
}

/** What a terminal in raw mode sends for Ctrl-C, Ctrl-D, Ctrl-U and the backspace key. */
const CONTROL = {
  interrupt: '\u0003',
  endOfInput: '\u0004',
  kill: '\u0015',
  backspace: '\u007F',
} as const;
