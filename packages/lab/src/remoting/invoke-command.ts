import { type Bound, type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import { PowerShellError } from '@doublehop/powershell/errors';
import { convertBlock } from '@doublehop/powershell/language/convert-block';
import { parseScript } from '@doublehop/powershell/language/parse';
import { usingValues } from '@doublehop/powershell/language/using';
import { asList, isTrue } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { RemoteRequest, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { fanOut } from '../console/fan-out.ts';
import { THROTTLE_LIMIT, throttleOf } from '../console/target-parameters.ts';

/** What a caller says about how to get to a computer. */
export interface RemotingWish {
  readonly computer: string;
  readonly credential: PsObject | undefined;
  readonly authentication: string;
  readonly configuration: string | undefined;
}

/** What Invoke-Command needs of who runs it. */
export interface RemotingAccess<S> {
  /** Opens a session on a computer. Throws LabError, RemotingError, KerberosError. */
  readonly open: (session: S, wish: RemotingWish) => Promise<RemoteSession>;
  /** The caller's variables, for `$using:`. */
  readonly variables: (session: S) => (name: string) => PsValue | undefined;
}

const AUTHENTICATIONS = ['Default', 'Kerberos', 'Negotiate', 'CredSSP'];

/** Runs a script block on other computers, as many at once as ThrottleLimit says. */
export function invokeCommand<S>(access: RemotingAccess<S>): Command<S> {
  return {
    name: 'Invoke-Command',
    synopsis: 'Runs commands on local and remote computers.',
    module: 'Microsoft.PowerShell.Core',
    parameters: [
      {
        name: 'ComputerName',
        type: 'string',
        many: true,
        position: 0,
        aliases: ['Cn'],
        mandatory: true,
      },
      {
        name: 'ScriptBlock',
        type: 'scriptblock',
        position: 1,
        aliases: ['Command'],
        mandatory: true,
      },
      { name: 'Credential', type: 'credential' },
      { name: 'Authentication', type: 'string', validateSet: AUTHENTICATIONS },
      { name: 'ConfigurationName', type: 'string' },
      THROTTLE_LIMIT,
      { name: 'HideComputerName', type: 'switch', aliases: ['HCN'] },
      { name: 'ArgumentList', type: 'object', many: true, aliases: ['Args'] },
    ],
    run: async ({ bound, session, streams, signal }) => {
      const computers = asList(bound['ComputerName'] ?? null).map(toText);
      const args = asList(bound['ArgumentList'] ?? null);
      const request = requestOf(bound['ScriptBlock'] ?? null, access.variables(session), args);
      const places = computers.map((computer) => ({
        computer,
        open: () => access.open(session, wishOf(bound, computer)),
        close: (remote: RemoteSession) => remote.close(),
      }));
      const showComputer = !isTrue(bound['HideComputerName'] ?? false);
      await fanOut(places, { request, throttle: throttleOf(bound), streams, signal, showComputer });
    },
  };
}

function wishOf(bound: Bound, computer: string): RemotingWish {
  const { Credential: credential, Authentication: authentication } = bound;
  const { ConfigurationName: configuration } = bound;
  return {
    computer,
    credential: credential instanceof PsObject ? credential : undefined,
    authentication: toText(authentication ?? 'Default'),
    configuration: configuration === undefined ? undefined : toText(configuration),
  };
}

/** A block as commands with finished arguments, or else as text with its `$using:` values. */
export function requestOf(
  block: PsValue,
  variables: (name: string) => PsValue | undefined,
  args: readonly PsValue[] = [],
): RemoteRequest {
  const text = block instanceof Scalar ? String(block.value) : toText(block);
  try {
    const script = parseScript(text, 'script block');
    const converted = convertBlock(script, variables, args);
    if (converted.isConverted) return { kind: 'commands', statements: converted.statements };
    if (args.length > 0) throw noArguments();
    return { kind: 'script', text, using: usingValues(script.body, variables) };
  } catch (error) {
    if (!(error instanceof PowerShellError)) throw error;
    throw new CommandFailure({
      message: error.message,
      errorId: 'ParserError',
      category: 'ParserError',
      target: null,
      activity: 'Invoke-Command',
    });
  }
}

function noArguments(): CommandFailure {
  return new CommandFailure({
    message:
      'A block that is sent as text takes no -ArgumentList here: use $using: variables in it.',
    errorId: 'ArgumentListNotSupported,Invoke-Command',
    category: 'NotImplemented',
    target: null,
    activity: 'Invoke-Command',
  });
}
