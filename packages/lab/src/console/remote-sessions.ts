import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import type { Connect, RemoteTarget } from './target.ts';

/** State of a PSSession (RunspaceState). */
export type PsSessionState = 'Opened' | 'Disconnected' | 'Closed' | 'Broken';

/** A session that New-PSSession opened. */
export interface PsSession {
  readonly id: number;
  readonly name: string;
  readonly target: RemoteTarget;
  readonly remote: RemoteSession;
  state: PsSessionState;
}

/** The sessions of one console. */
export class RemoteSessions {
  readonly connect: Connect;
  /** The one that Enter-PSSession entered. */
  entered: PsSession | undefined;
  readonly #sessions = new Map<number, PsSession>();
  #last = 0;

  constructor(connect: Connect) {
    this.connect = connect;
  }

  /** Opens a session that stays. Throws as `connect` does. */
  async open(target: RemoteTarget, name?: string): Promise<PsSession> {
    const remote = await this.connect(target);
    this.#last += 1;
    const id = this.#last;
    const session: PsSession = { id, name: name ?? `WinRM${id}`, target, remote, state: 'Opened' };
    this.#sessions.set(id, session);
    return session;
  }

  all(): readonly PsSession[] {
    return [...this.#sessions.values()];
  }

  /** The session that an object of New-PSSession is. */
  of(value: PsValue): PsSession | undefined {
    const id = value instanceof PsObject ? value.get('Id') : value;
    const found = typeof id === 'number' ? this.#sessions.get(id) : undefined;
    if (!(value instanceof PsObject)) return found;
    const shell = value.get('InstanceId');
    return shell instanceof Scalar && shell.value === instanceOf(found) ? found : undefined;
  }

  async remove(session: PsSession): Promise<void> {
    this.#sessions.delete(session.id);
    if (this.entered === session) this.entered = undefined;
    const wasThere = session.state !== 'Broken';
    session.state = 'Closed';
    if (wasThere) await session.remote.close();
  }

  /** Closes all that is open: whoever cannot be reached is forgotten. */
  async close(): Promise<void> {
    await Promise.allSettled(this.all().map((session) => this.remove(session)));
  }
}

function instanceOf(session: PsSession | undefined): string | undefined {
  return session?.remote.shellId.toLowerCase();
}

export const SESSION_TYPE = 'System.Management.Automation.Runspaces.PSSession';

/** A PSSession as Get-PSSession shows it. */
export function sessionObject(session: PsSession): PsObject {
  const { id, name, target, state, remote } = session;
  return new PsObject({
    typeNames: [SESSION_TYPE, 'System.Object'],
    text: `[PSSession]${name}`,
    adapted: {
      Id: id,
      Name: name,
      ComputerName: target.computer,
      ComputerType: 'RemoteMachine',
      State: state,
      ConfigurationName: target.configuration ?? 'Microsoft.PowerShell',
      Availability: state === 'Opened' ? 'Available' : 'None',
      InstanceId: new Scalar('Guid', remote.shellId.toLowerCase()),
    },
  });
}
