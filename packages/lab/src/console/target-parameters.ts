import type { Bound, Parameter } from '@doublehop/powershell/commands/command';
import { failure } from '@doublehop/powershell/commands/command';
import { isTrue, toNumber } from '@doublehop/powershell/objects/convert';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { AUTHENTICATIONS, personOf, type RemoteTarget } from './target.ts';
import type { RemotingRun, RemotingState } from './remoting-state.ts';

/** Parameters that say how to get to a computer, of all commands that open sessions. */
export const TARGET_PARAMETERS: readonly Parameter[] = [
  { name: 'Credential', type: 'object' },
  { name: 'Authentication', type: 'string', validateSet: AUTHENTICATIONS },
  { name: 'ConfigurationName', type: 'string' },
  { name: 'UseSSL', type: 'switch' },
  { name: 'Port', type: 'int' },
];

/** `-ComputerName`, first of the arguments without a name. */
export const COMPUTER_NAME: Parameter = {
  name: 'ComputerName',
  type: 'string',
  many: true,
  position: 0,
  mandatory: true,
  aliases: ['Cn'],
  sets: ['ComputerName'],
};

/** `-ThrottleLimit`: how many computers at once. */
export const THROTTLE_LIMIT: Parameter = { name: 'ThrottleLimit', type: 'int' };

/** How many computers at once, if nobody says (about_Remote). */
const DEFAULT_THROTTLE = 32;

export function throttleOf(bound: Bound): number {
  const given = toNumber(bound['ThrottleLimit'] ?? 0) ?? 0;
  return given > 0 ? given : DEFAULT_THROTTLE;
}

/** The computers that a command names, each with how to get in. Throws CommandFailure. */
export async function targetsOf(
  computers: readonly PsValue[],
  { bound, session }: RemotingRun,
): Promise<RemoteTarget[]> {
  const how = await waysOf(bound, session);
  return computers.map((computer) => {
    const name = toText(computer);
    return {
      ...how,
      computer: name === '.' || name.toLowerCase() === 'localhost' ? session.computer : name,
    };
  });
}

async function waysOf(bound: Bound, state: RemotingState): Promise<Omit<RemoteTarget, 'computer'>> {
  const {
    Credential: credential,
    Authentication: wanted,
    ConfigurationName: configuration,
  } = bound;
  const { Port: port } = bound;
  const text = toText(wanted ?? 'Default').toLowerCase();
  return {
    authentication: AUTHENTICATIONS.find((one) => one.toLowerCase() === text) ?? 'Default',
    useSsl: isTrue(bound['UseSSL'] ?? false),
    ...(credential !== undefined && { credential: await personOf(credential, state.askPassword) }),
    ...(configuration !== undefined && { configuration: toText(configuration) }),
    ...(typeof port === 'number' && { port: portOf(port) }),
  };
}

function portOf(port: number): number {
  if (port > 0 && port <= 0xff_ff) return port;
  throw failure(`${port} is no port: 1 to 65535.`, 'InvalidPort', 'InvalidArgument', port);
}
