import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { relative } from 'node:path';
import { refusalOf } from '../hosts/answers.ts';
import { CONTROL_WAIT, MAX_CONTROL_CONNECTIONS, MAX_CONTROL_LINE } from '../limits.ts';
import { LabError } from '../errors.ts';
import { type ControlRequest, parseRequest } from './protocol.ts';

/** A listening control socket. */
export interface ControlServer {
  close(): Promise<void>;
}

/** Carries out a request; what it throws is told to who asked. */
export type Perform = (request: ControlRequest) => Promise<object>;

/** Listens on a Unix socket that only its owner may use. */
export async function listenControl(path: string, perform: Perform): Promise<ControlServer> {
  // What a process that was killed left behind.
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    answerOne(socket, perform);
  });
  server.maxConnections = MAX_CONTROL_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(fromHere(path), resolve);
  });
  // Errors of accepting (too many open files) pass when connections close.
  server.on('error', () => undefined);
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/**
 * The path as seen from the working folder, if it is below it. Closing removes the socket by its
 * name: if the folder was replaced meanwhile, that must not be the socket of the lab which is there
 * now.
 */
function fromHere(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
}

/** One request a connection. */
function answerOne(socket: Socket, perform: Perform): void {
  let text = '';
  const deadline = setTimeout(() => socket.destroy(), CONTROL_WAIT);
  socket.once('close', () => clearTimeout(deadline));
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8');
  const read = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= MAX_CONTROL_LINE) return;
    socket.off('data', read);
    socket.resume();
    clearTimeout(deadline);
    void outcomeOf(text.slice(0, Math.max(end, 0)), perform).then((line) => socket.end(line));
  };
  socket.on('data', read);
}

async function outcomeOf(line: string, perform: Perform): Promise<string> {
  try {
    const request = parseRequest(line);
    if (request === undefined) throw new LabError('control', 'the request is not understood');
    return `${JSON.stringify({ ok: true, answer: await perform(request) })}\n`;
  } catch (error) {
    const code = error instanceof LabError ? error.code : 'refused';
    return `${JSON.stringify({ ok: false, code, refusal: refusalOf(error) })}\n`;
  }
}
