import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '@doublehop/remoting/errors';
import { Namespace } from '@doublehop/remoting/wsman/names';
import { childOf, parseXml } from '@doublehop/remoting/xml/parse';
import { IDENTIFY_WAIT, MAX_IDENTIFY } from '../limits.ts';
import type { RemoteLocation } from './connector.ts';
import type { Identity } from './remoting-state.ts';

const QUESTION = utf8(
  `<s:Envelope xmlns:s="${Namespace.SOAP}" xmlns:wsmid="${Namespace.IDENTITY}">` +
    '<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>',
);

/**
 * Asks a WinRM service who it is, without authenticating (MS-WSMV 3.1.4.1.16). Throws RemotingError
 * `http`, or as XML does.
 */
export async function identify({ url, lookup, tls }: RemoteLocation): Promise<Identity> {
  const body = await ask(url, { ...(lookup !== undefined && { lookup }), ...tls });
  const answer = parseXml(fromUtf8(body));
  const found = childOf(answer, Namespace.SOAP, 'Body')?.children[0];
  if (found?.name !== 'IdentifyResponse') {
    throw new RemotingError('wsman', `${url.host} does not say who it is`);
  }
  const text = (name: string): string => childOf(found, Namespace.IDENTITY, name)?.text ?? '';
  return {
    protocolVersion: text('ProtocolVersion'),
    productVendor: text('ProductVendor'),
    productVersion: text('ProductVersion'),
  };
}

function ask(url: URL, options: Parameters<typeof httpsRequest>[1]): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (cause: Error): void => {
    reject(new RemotingError('http', `${url.host} cannot be asked: ${cause.message}`, { cause }));
  };
  const headers = {
    'Content-Type': 'application/soap+xml;charset=UTF-8',
    'Content-Length': QUESTION.length,
    WSMANIDENTIFY: 'unauthenticated',
  };
  const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    ...options,
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(IDENTIFY_WAIT),
  });
  sent.on('error', fail);
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('error', fail);
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MAX_IDENTIFY) sent.destroy(new Error('the answer is too long'));
      else parts.push(part);
    });
    response.on('end', () => {
      if (response.statusCode === 200) resolve(Buffer.concat(parts));
      else fail(new Error(`it answered ${response.statusCode}`));
    });
  });
  sent.end(QUESTION);
  return promise;
}
