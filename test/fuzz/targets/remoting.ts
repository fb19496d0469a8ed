import { customObject, PsDictionary, Scalar } from '@doublehop/powershell/objects/value';
import { readClixml } from '@doublehop/remoting/clixml/read';
import { writeClixml } from '@doublehop/remoting/clixml/write';
import {
  decodeRegistration,
  encodeRegistration,
} from '@doublehop/remoting/configurations/registration';
import { RemotingError } from '@doublehop/remoting/errors';
import { Defragmenter, Fragmenter } from '@doublehop/remoting/psrp/fragments';
import { decodeMessage, encodeMessage, ZERO_GUID } from '@doublehop/remoting/psrp/message';
import { decodeBody, encodeBody } from '@doublehop/remoting/psrp/messages/bodies';
import { pipelineRequest } from '@doublehop/remoting/psrp/messages/create-pipeline';
import { CAPABILITY } from '@doublehop/remoting/psrp/version';
import { expandVariables, parseCommandLine, wordsOf } from '@doublehop/remoting/winrs/command-line';
import { concat, fromUtf8, utf8 } from '@doublehop/wire/bytes';
import type { FuzzTarget } from '../targets.ts';

const VALUE = customObject({
  Name: 'winrm',
  Since: new Scalar('DateTime', '2026-11-22T18:05:09.1234567Z'),
  Items: [1, 2n, 1.5, null, new PsDictionary([['a', new Uint8Array(3)]])],
});

/** What a host keeps of a session configuration. */
const REGISTRATION = encodeRegistration({
  name: 'Maintenance',
  file: {
    path: '/etc/m.pssc',
    text: "@{ SessionType = 'RestrictedRemoteServer'; VisibleCmdlets = 'Get-*' }",
  },
  sddl: 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GA;;;RM)',
  runAs: { user: 'CONTOSO\\alice', sealed: 'sealed-1.AAAA.BBBB' },
  modulePath: ['/modules'],
  isEnabled: true,
});

const CALL = { name: 'Get-Item', isScript: false, args: [{ name: 'Path', value: 'C:' }] };

/** Messages of a client and of a server. */
function messages(): readonly Uint8Array[] {
  const create = encodeBody('CREATE_PIPELINE', pipelineRequest({ statements: [[CALL], [CALL]] }));
  const record = { message: 'm', errorId: 'e', category: 'OpenError', target: 't' } as const;
  const failed = encodeBody('PIPELINE_STATE', { state: 'Failed', error: record });
  const common = { poolId: ZERO_GUID, pipelineId: undefined };
  return [
    encodeMessage({ ...common, destination: 'server', type: 'CREATE_PIPELINE', data: create }),
    encodeMessage({ ...common, destination: 'client', type: 'PIPELINE_STATE', data: failed }),
    encodeMessage({
      ...common,
      destination: 'server',
      type: 'SESSION_CAPABILITY',
      data: encodeBody('SESSION_CAPABILITY', CAPABILITY),
    }),
  ];
}

/** PowerShell remoting: what comes after authentication. */
export function remotingTargets(): readonly FuzzTarget[] {
  const seeds = messages();
  return [
    {
      name: 'clixml',
      seeds: [utf8(writeClixml(VALUE)), utf8(writeClixml([VALUE, VALUE]))],
      run: (input) => void readClixml(fromUtf8(input)),
      refuses: [RemotingError],
    },
    {
      name: 'psrp fragments',
      seeds: seeds.map((seed) => concat(...new Fragmenter(100).fragment(seed))),
      run: (input) => void new Defragmenter().receive(input),
      refuses: [RemotingError],
    },
    {
      name: 'psrp messages',
      seeds,
      run(input) {
        const { type, data } = decodeMessage(input);
        const body = decodeBody(type, data);
        const isRequest = typeof body === 'object' && body !== null && 'statements' in body;
        if (isRequest) for (const command of body.statements.flat()) command.args();
      },
      refuses: [RemotingError],
    },
    {
      name: 'winrs lines',
      seeds: [
        utf8('cmd /c echo out && echo %NAME%>&2 || exit 1'),
        utf8('powershell -EncodedCommand "AQID" 2>nul & klist -li "0x3e7" ^& more'),
      ],
      run(input) {
        const line = expandVariables(fromUtf8(input), () => 'x');
        for (const { text } of parseCommandLine(line)) wordsOf(text);
      },
      refuses: [RemotingError],
    },
    {
      name: 'session configurations',
      seeds: [utf8(REGISTRATION)],
      run: (input) => void decodeRegistration(fromUtf8(input)),
      refuses: [RemotingError],
    },
  ];
}
