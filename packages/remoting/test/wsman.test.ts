import { RemotingError } from '@doublehop/remoting/errors';
import { formatDuration, parseDuration } from '@doublehop/remoting/wsman/duration';
import { faultError, shellNotFound, timedOut } from '@doublehop/remoting/wsman/faults';
import {
  Action,
  configurationOf,
  configurationUri,
  isStopSignal,
  isTerminateSignal,
} from '@doublehop/remoting/wsman/names';
import { readRequest, type RequestParts, writeRequest } from '@doublehop/remoting/wsman/request';
import { readResponse, writeFault, writeResponse } from '@doublehop/remoting/wsman/response';
import * as requests from '@doublehop/remoting/wsman/shell-requests';
import * as responses from '@doublehop/remoting/wsman/shell-responses';
import type { ShellInfo } from '@doublehop/remoting/wsman/shell-info';
import { decodeXml, parseXml } from '@doublehop/remoting/xml/parse';
import { element, escapeXml, type Markup } from '@doublehop/remoting/xml/write';
import { utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const ID = 'uuid:7B0E0C0A-0000-4000-8000-000000000001';
const parts: RequestParts = {
  action: Action.RECEIVE,
  messageId: ID,
  resourceUri: configurationUri('Microsoft.PowerShell'),
  to: 'http://serverb.contoso.com:5985/wsman',
  selectors: { ShellId: 'A1' },
  options: [{ name: 'WSMAN_CMDSHELL_OPTION_KEEPALIVE', value: 'TRUE', mustComply: false }],
};

function request(body: Markup, more: Partial<RequestParts> = {}) {
  return readRequest(writeRequest({ ...parts, ...more, body }));
}

function response(body: Markup) {
  return readResponse(
    writeResponse(Action.CREATE, { messageId: 'uuid:2', relatesTo: ID }, body),
    ID,
  );
}

function faultOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof RemotingError) return error.detail.fault?.subcode ?? error.code;
    throw error;
  }
  return undefined;
}

describe('XML', () => {
  const refused: [string, string][] = [
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'],
    ['a processing instruction', '<?php x?><x/>'],
    ['an entity', '<x>&nbsp;</x>'],
    ['a mismatch', '<x><y></x></y>'],
    ['two roots', '<x/><y/>'],
    ['an unbound prefix', '<a:x/>'],
    ['nothing', ''],
    ['depth', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`],
    ['many elements', `<a>${'<b/>'.repeat(30_000)}</a>`],
  ];
  test.each(refused)('%s is refused', (_, text) => {
    expect(() => parseXml(text)).toThrow(RemotingError);
  });

  test('text survives writing and reading', () => {
    const text = fc
      .string({ unit: 'binary' })
      .map((one) => one.replaceAll(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ''));
    fc.assert(
      fc.property(text, text, (inner, attribute) => {
        const read = parseXml(element('x', { a: attribute }, inner).text);
        expect(read.text).toBe(inner);
        // XML turns line ends and tabs of attributes into spaces.
        expect(read.attributes.get('a')).toBe(attribute.replaceAll(/[\t\n]/gu, ' '));
      }),
    );
    expect(escapeXml('a\u0001\ud800b')).toBe('a\u{fffd}\u{fffd}b');
  });

  test('UTF-16 by its mark or by its charset; what is neither is refused', () => {
    const utf16 = Buffer.from('<x/>', 'utf16le');
    expect(decodeXml(utf16, 'UTF-16')).toBe('<x/>');
    expect(decodeXml(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))).toBe('<x/>');
    expect(() => decodeXml(Buffer.from([0x3c, 0xff]))).toThrow('not UTF-8');
  });
});

describe('requests', () => {
  test('what a client writes, a server reads', () => {
    const read = request(requests.receiveBody({ streams: 'stdout', commandId: 'C1' }), {
      operationTimeout: 20_500,
      maxEnvelopeSize: 512_000,
    });
    expect(read).toMatchObject({
      action: Action.RECEIVE,
      messageId: ID,
      to: parts.to,
      operationTimeout: 20_500,
      maxEnvelopeSize: 512_000,
      options: parts.options,
    });
    expect(read.selectors.get('shellid')).toBe('A1');
    expect(requests.readReceive(read)).toEqual({ streams: 'stdout', commandId: 'C1' });
  });

  test('every body comes back as it was', () => {
    const data = utf8('fragments');
    const create = {
      shellId: 'A1',
      name: 'mine',
      idleTimeout: 7200_000,
      inputStreams: 'stdin pr',
      outputStreams: 'stdout',
      creation: data,
    };
    expect(requests.readCreate(request(requests.createBody(create)))).toEqual({
      ...create,
      creation: Buffer.from(data),
    });
    const command = { commandId: 'C1', command: '', args: ['AAAA'] };
    expect(requests.readCommand(request(requests.commandBody(command)))).toEqual(command);
    const sent = { stream: 'pr', commandId: 'C1', data: Buffer.from(data), isEnd: true };
    expect(requests.readSend(request(requests.sendBody(sent)))).toEqual([sent]);
    const signal = { commandId: 'C1', code: 'powershell/signal/crtl_c' };
    expect(requests.readSignal(request(requests.signalBody(signal)))).toEqual(signal);
    const leave = { idleTimeout: 60_000, bufferMode: 'Drop' as const };
    expect(requests.readDisconnect(request(requests.disconnectBody(leave)))).toEqual(leave);
    const connect = { connection: Buffer.from(data) };
    expect(requests.readConnect(request(requests.connectBody(connect)))).toEqual(connect);
  });

  const whole = writeRequest({ ...parts, body: requests.reconnectBody() });
  const faults: [string, string, string][] = [
    [
      'no action',
      whole.replace(/<a:Action.*?<\/a:Action>/u, ''),
      'a:MessageInformationHeaderRequired',
    ],
    [
      'no ReplyTo',
      whole.replace(/<a:ReplyTo>.*?<\/a:ReplyTo>/u, ''),
      'a:MessageInformationHeaderRequired',
    ],
    ['answers elsewhere', whole.replace('/role/anonymous', '/role/other'), 'w:UnsupportedFeature'],
    ['a small envelope', whole.replace('>153600<', '>100<'), 'w:EncodingLimit'],
    ['no number', whole.replace('>153600<', '>many<'), 'w:EncodingLimit'],
    [
      'a negative timeout',
      whole.replace('>PT60.000S<', '>-PT1S<'),
      'a:InvalidMessageInformationHeader',
    ],
    [
      'a timeout that is none',
      whole.replace('>PT60.000S<', '>soon<'),
      'a:InvalidMessageInformationHeader',
    ],
    [
      'a locale that must be',
      whole.replace(
        'xml:lang="en-US" s:mustUnderstand="false"/><p',
        'xml:lang="de-DE" s:mustUnderstand="true"/><p',
      ),
      'w:UnsupportedFeature',
    ],
    ['no envelope', '<x/>', 'w:SchemaValidationError'],
    [
      'the same selector twice',
      whole.replace(
        '</w:SelectorSet>',
        '<w:Selector Name="SHELLID">2</w:Selector></w:SelectorSet>',
      ),
      'w:InvalidSelectors',
    ],
  ];
  test.each(faults)('%s is a fault', (_, text, subcode) => {
    expect(text).not.toBe(whole);
    expect(faultOf(() => readRequest(text))).toBe(subcode);
  });

  test('a negative timeout is told in the words and with the code of Windows', () => {
    // As recorded by pypsrp of Windows Server 2016 (test_psrp_is_alive_other_wsman_error).
    const negative = whole.replace('>PT60.000S<', '>PT-1S<');
    const fault = { code: 2_150_858_767, reason: expect.stringContaining('SOAP header: PT-1S.') };
    expect(() => readRequest(negative)).toThrow(
      expect.objectContaining({ detail: { fault: expect.objectContaining(fault) } }),
    );
  });

  test('a body of another operation is a fault', () => {
    expect(faultOf(() => requests.readSend(request(requests.reconnectBody())))).toBe(
      'w:SchemaValidationError',
    );
    const bad = element('rsp:Send', {}, element('rsp:Stream', { Name: 'stdin' }, '***'));
    expect(faultOf(() => requests.readSend(request(bad)))).toBe('wsman');
  });
});

describe('answers', () => {
  const shell: ShellInfo = {
    shellId: 'A1',
    name: 'Session1',
    resourceUri: parts.resourceUri,
    owner: 'CONTOSO\\alice',
    clientIp: '127.0.0.1',
    state: 'Disconnected',
    idleTimeout: 7200_000,
    runTime: 93_784_000,
    inactivity: 1000,
  };

  test('what a server writes, a client reads', () => {
    expect(responses.readCreated(response(responses.createdBody(shell, parts.to)))).toBe('A1');
    const output = {
      streams: [{ name: 'stdout', commandId: 'C1', data: Buffer.from('x'), isEnd: false }],
      state: 'Done' as const,
      exitCode: 0,
    };
    expect(responses.readReceived(response(responses.receivedBody(output, 'C1')))).toEqual(output);
    expect(responses.readStarted(response(responses.startedBody('C1')))).toBe('C1');
    const connected = responses.readConnected(response(responses.connectedBody(utf8('y'))));
    expect(connected).toEqual(Buffer.from('y'));
    const items = responses.enumeratedBody(responses.shellItems([shell]));
    expect(responses.readShells(response(items))).toEqual([shell]);
  });

  test('the answer to another request is not taken', () => {
    const text = writeResponse(Action.GET, { messageId: 'uuid:2', relatesTo: 'uuid:3' });
    expect(() => readResponse(text, ID)).toThrow('another request');
  });

  test.each([shellNotFound(), timedOut()])('a fault says what it says: %s', (error) => {
    const { fault } = error.detail;
    if (fault === undefined) throw new Error('no fault');
    const text = writeFault(fault, { messageId: 'uuid:2', relatesTo: ID }, 'serverb');
    const { provider: _, ...read } = fault;
    expect(() => readResponse(text, ID)).toThrow(
      expect.objectContaining({ code: 'fault', detail: { fault: read } }),
    );
  });

  test('a signed code of a fault is the same code', () => {
    const fault = { code: 0x80_33_80_5b, side: 'Sender', subcode: 'w:X', reason: 'r' } as const;
    const text = writeFault(fault, { messageId: 'm', relatesTo: ID }, 'b');
    const signed = text.replace(String(0x80_33_80_5b), '-2144108453');
    expect(() => readResponse(signed, ID)).toThrow(
      expect.objectContaining({ detail: { fault: expect.objectContaining({ code: fault.code }) } }),
    );
    expect(faultError(fault).message).toBe('r');
  });
});

describe('small things', () => {
  const durations: [string, number | undefined][] = [
    ['PT60.000S', 60_000],
    ['PT0.5S', 500],
    ['P1DT2H3M4S', 93_784_000],
    ['-PT1S', -1000],
    ['PT', undefined],
    ['P', undefined],
    ['60', undefined],
    ['P1Y', undefined],
  ];
  test.each(durations)('the duration %s is %s ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test('durations are written in seconds', () => {
    expect(formatDuration(7200_000)).toBe('PT7200.000S');
  });

  test('configurations and signals', () => {
    expect(configurationOf(configurationUri('JEA'))).toBe('JEA');
    expect(configurationOf('http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd')).toBe(
      undefined,
    );
    const codes = ['powershell/signal/crtl_c', 'powershell/signal/ctrl_c', 'x/signal/Terminate'];
    expect(codes.map(isStopSignal)).toEqual([true, true, false]);
    expect(
      isTerminateSignal('http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate'),
    ).toBe(true);
  });
});
