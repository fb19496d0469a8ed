import type { Server } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { RandomSource } from '@doublehop/crypto/random';
import type { ServerScheme } from '../http/scheme.ts';
import { wsmanServer } from '../http/wsman-server.ts';
import { IDLE_SWEEP } from '../limits.ts';
import { invalidResource } from '../wsman/faults.ts';
import type { Timer } from '../wsman/output-queue.ts';
import type { OpenBackend, ShellBackend, ShellOwner } from '../wsman/shell-backend.ts';
import { type ShellLimits, ShellService } from '../wsman/shell-service.ts';
import type { EndpointConfiguration, EndpointSession } from './endpoint-session.ts';
import { PsrpBackend } from './psrp-backend.ts';
import { CommandBackend } from '../winrs/command-backend.ts';
import { soapService } from './soap-service.ts';

export interface EndpointOptions<C extends ShellOwner, S> {
  /** Ways to authenticate, in the order in which they are offered. */
  readonly schemes: readonly ServerScheme<C>[];
  /** Finds a session configuration by its name, without case. */
  readonly configuration: (name: string) => EndpointConfiguration<C, S> | undefined;
  /**
   * The configuration whose sessions command shells (WinRS) are: `Microsoft.PowerShell`. Absent:
   * there are none.
   */
  readonly commandShell?: string;
  /** Name of this computer. */
  readonly machine: string;
  /** Key and certificate: `listenHttps` works. */
  readonly tls?: ServerOptions;
  readonly clock: () => number;
  readonly timer: Timer;
  readonly random: RandomSource;
  /** A new GUID in capitals. */
  readonly newId: () => string;
  readonly limits?: Partial<ShellLimits>;
  /** What Identify tells of the product. */
  readonly product: { readonly vendor: string; readonly version: string };
  /** A caller's connection is gone: what the caller left can be wiped. */
  readonly onCallerGone?: (caller: C) => void;
  readonly log: (line: string) => void;
}

/** A PowerShell remoting endpoint; listening is the caller's. */
export interface Endpoint {
  readonly http: Server;
  /** Present where a key and a certificate were given. */
  readonly https: Server | undefined;
  /** Shells that are open. */
  readonly shells: number;
  /** Closes every session and connection. */
  close(): Promise<void>;
}

/**
 * Offers typed commands to PowerShell users: WS-Management and PSRP over HTTP and HTTPS. Sessions
 * over both are the same.
 */
export function createEndpoint<C extends ShellOwner, S>(options: EndpointOptions<C, S>): Endpoint {
  const { schemes, machine, tls, clock, timer, newId, limits, product, log } = options;
  const shells = new ShellService<C>({
    open: opener(options),
    clock,
    timer,
    newId,
    ...(limits !== undefined && { limits }),
  });
  const handle = soapService({ shells, machine, newId, log });
  const { onCallerGone } = options;
  const common = { schemes, handle, product, log, ...(onCallerGone && { onCallerGone }) };
  const http = wsmanServer(common);
  const https = tls === undefined ? undefined : wsmanServer({ ...common, tls });
  let stop = (): void => {};
  const sweep = (): void => {
    stop = timer(IDLE_SWEEP, () => {
      shells.sweep().catch((error: unknown) => log(String(error)));
      sweep();
    });
  };
  sweep();
  return {
    http,
    https,
    get shells() {
      return shells.size;
    },
    async close() {
      stop();
      await shells.close();
      for (const server of [http, https]) {
        server?.close();
        server?.closeAllConnections();
      }
    },
  };
}

function opener<C extends ShellOwner, S>(options: EndpointOptions<C, S>): OpenBackend<C> {
  const { configuration, random, clock, timer, log } = options;
  return async (opening, sink) => {
    const { caller, shellId, clientIp, creation, commandShell: request } = opening;
    const name = request === undefined ? opening.configuration : options.commandShell;
    const found = name === undefined ? undefined : configuration(name);
    if (found === undefined) throw invalidResource(opening.resourceUri);
    const session = await found.open({ caller, shellId, clientIp });
    if (request !== undefined) return new CommandBackend({ session, request, sink, timer, log });
    const { bridge } = session;
    if (bridge !== undefined) return bridged(() => bridge(sink, creation), session);
    const backend = new PsrpBackend({ session, sink, random, clock, timer, log });
    try {
      backend.open(creation);
    } catch (error) {
      await backend.close();
      throw error;
    }
    return backend;
  };
}

/** A shell of another program, whose session ends with it. */
async function bridged<S>(
  start: () => ShellBackend,
  session: EndpointSession<S>,
): Promise<ShellBackend> {
  try {
    const backend = start();
    const close = backend.close.bind(backend);
    return Object.assign(backend, {
      close: async () => {
        try {
          await close();
        } finally {
          await session.close();
        }
      },
    });
  } catch (error) {
    await session.close();
    throw error;
  }
}
