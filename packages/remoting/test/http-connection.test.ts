import { type AddressInfo, createServer, type Socket } from 'node:net';
import { HttpConnection } from '@doublehop/remoting/http/http-connection';
import { describe, expect, onTestFinished, test } from 'vitest';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const message = { type: 'text/plain', body: Buffer.from('<hello/>') };

/** A connection to a server that does as it is told, and what the server was sent. */
async function connected(
  serve: (socket: Socket, asked: string) => void,
  path = '/wsman',
): Promise<{ readonly http: HttpConnection; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      seen.push(chunk.toString());
      serve(socket, chunk.toString());
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const http = new HttpConnection({ url: new URL(`http://127.0.0.1:${port}${path}`) });
  onTestFinished(() => http.close());
  return { http, seen };
}

describe('a connection of HTTP (RFC 9112)', () => {
  test('posts messages, each in one piece, with what belongs to them', async () => {
    const { http, seen } = await connected((socket) => socket.write(OK), '/wsman?PSVersion=7.4');
    await http.ready();
    expect(http.serverCertificate).toBeUndefined();
    expect((await http.post(message, 'Negotiate AA==')).body.toString()).toBe('ok');
    expect((await http.post(message)).status).toBe(200);
    const [first = '', second = ''] = seen;
    expect(first).toMatch(
      /^POST \/wsman\?PSVersion=7\.4 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/u,
    );
    expect(first).toContain(
      '\r\nAuthorization: Negotiate AA==\r\nContent-Length: 8\r\n\r\n<hello/>',
    );
    expect(second).not.toContain('Authorization');
    expect(http.isOpen).toBe(true);
  });

  test('one at a time', async () => {
    const { http } = await connected((socket) => socket.write(OK));
    const first = http.post(message);
    expect(() => http.post(message)).toThrow(TypeError);
    expect((await first).status).toBe(200);
  });

  test('what comes unasked does not pass for an answer', async () => {
    let again = (): void => {};
    const { http } = await connected((socket) => {
      socket.write(OK);
      again = () => void socket.write(OK);
    });
    await http.post(message);
    again();
    await expect.poll(() => http.isOpen).toBe(false);
    await expect(http.post(message)).rejects.toMatchObject({ code: 'http' });
  });

  test('an answer cut short is none', async () => {
    const { http } = await connected((socket) => socket.end(OK.slice(0, -1)));
    await expect(http.post(message)).rejects.toMatchObject({
      code: 'http',
      message: expect.stringContaining('the connection was lost'),
    });
  });

  test('an answer may be the last', async () => {
    const last = OK.replace('\r\n', '\r\nConnection: close\r\n');
    const { http } = await connected((socket) => socket.write(last));
    expect((await http.post(message)).status).toBe(200);
    expect(http.isOpen).toBe(false);
  });

  test('a signal ends a wait, and the connection with it', async () => {
    const { http } = await connected(() => {});
    const stop = new AbortController();
    const waiting = http.post(message, undefined, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ code: 'http', cause: new Error('enough') });
    expect(http.isOpen).toBe(false);
    const late = await connected(() => {});
    await expect(late.http.ready(stop.signal)).rejects.toMatchObject({ code: 'http' });
  });

  test('where nobody listens', async () => {
    const http = new HttpConnection({ url: new URL('http://127.0.0.1:1/wsman') });
    await expect(http.ready()).rejects.toMatchObject({
      code: 'http',
      message: expect.stringMatching(/^127\.0\.0\.1:1 cannot be asked: .*ECONNREFUSED/u),
    });
    await expect(http.post(message)).rejects.toMatchObject({ code: 'http' });
  });
});
