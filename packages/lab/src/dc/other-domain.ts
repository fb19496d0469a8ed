import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { makeFolder } from '../folder/files.ts';
import type { LabPaths } from '../folder/paths.ts';
import type { OtherDomainAddress } from '../folder/state.ts';
import { MAX_OTHER_DOMAIN_CONNECTIONS } from '../limits.ts';
import { type LazyListener, listenLazily } from '../process/lazy-listener.ts';
import type { ProcessSystem } from '../process/system.ts';
import { fullName, type Scenario } from '../scenario.ts';
import { ensureAliases } from './aliases.ts';
import { openStore } from './open-store.ts';

/** A second domain that waits for its first client. */
export interface OtherDomain {
  readonly address: OtherDomainAddress;
  close(): Promise<void>;
}

export interface OtherDomainOptions {
  readonly paths: LabPaths;
  readonly scenario: Scenario;
  /** Where the lab's controller is. */
  readonly address: string;
  /** Ports of last time. */
  readonly ports: OtherDomainAddress | undefined;
  readonly system: ProcessSystem;
}

/**
 * A domain beside the lab's own, with KDC and LDAP and no trust: most labs are never asked for it,
 * so that it is made and opened when the first client connects. Throws LabError `address`.
 */
export async function listenForOtherDomain(options: OtherDomainOptions): Promise<OtherDomain> {
  const { scenario, address, ports, system } = options;
  let opened: Promise<Controller> | undefined;
  const open = (): Promise<Controller> => {
    opened ??= openController(options);
    // What failed once may go well the next time.
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const listen = (name: string, wanted: number, port: (at: Controller) => number) => {
    const at = (free: number): Promise<LazyListener> =>
      listenLazily({
        name: `${scenario.controller}: ${name}`,
        address,
        port: free,
        maxConnections: MAX_OTHER_DOMAIN_CONNECTIONS,
        load: async () => {
          const controller = await open();
          return (socket) => void pass(socket, port(controller));
        },
        log: system.log,
      });
    return at(wanted).catch((error: unknown) => (wanted === 0 ? Promise.reject(error) : at(0)));
  };
  const kdc = await listen('KDC', ports?.kdcPort ?? 0, ({ kdcPort }) => kdcPort);
  const ldap = await listen('LDAP', ports?.ldapPort ?? 0, ({ ldapPort }) => ldapPort);
  return {
    address: { kdcPort: kdc.port, ldapPort: ldap.port },
    async close() {
      await Promise.all([kdc.close(), ldap.close()]);
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

interface Controller {
  readonly kdcPort: number;
  readonly ldapPort: number;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** Makes the domain where it is not there yet, and its controller on ports of its own. */
async function openController(options: OtherDomainOptions): Promise<Controller> {
  const { paths, scenario, address } = options;
  const { clock, random, log } = options.system;
  await makeFolder(dirname(paths.otherStore));
  const files = {
    ...paths,
    store: paths.otherStore,
    newStore: paths.newOtherStore,
    passwords: paths.otherPasswords,
  };
  const store = await openStore(files, scenario, { clock, random });
  try {
    const controller = createDomainController({
      store,
      controllerName: scenario.controller,
      listen: { address: LOOPBACK },
      kdc: { maxPasswordAge: 0 },
      clock,
      random,
      onDefect: (error) => log(`defect: ${messageOf(error)}`),
    });
    const { kdcPort, ldapPort } = await controller.start();
    await ensureAliases(controller, scenario, ['localhost', address]);
    log(`${fullName(scenario, scenario.controller)} is up`);
    return {
      kdcPort,
      ldapPort,
      async close() {
        await controller.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Lets a client and the controller speak with each other until either ends. */
async function pass(client: Socket, port: number): Promise<void> {
  const server = connect({ host: LOOPBACK, port, noDelay: true });
  // Who ends how is nothing to this: both ends see it.
  await Promise.allSettled([pipeline(client, server), pipeline(server, client)]);
  client.destroy();
  server.destroy();
}
