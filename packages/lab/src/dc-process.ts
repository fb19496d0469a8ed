import { hostname } from 'node:os';
import {
  createDomainController,
  type DomainController,
  type DomainControllerOptions,
  type Endpoints,
} from '@doublehop/domain-controller/dc';
import { DomainControllerError } from '@doublehop/domain-controller/errors';
import { LENIENT } from '@doublehop/domain-controller/lenient';
import { AuditLog } from './dc/audit-log.ts';
import { ensureAliases } from './dc/aliases.ts';
import { labCertificate } from './dc/certificate.ts';
import { writeKeytabs } from './dc/keytabs.ts';
import { openStore } from './dc/open-store.ts';
import { listenForOtherDomain } from './dc/other-domain.ts';
import { LabError, messageOf } from './errors.ts';
import { type LabPaths, labPaths } from './folder/paths.ts';
import { type ControllerAddress, type LabState, needState } from './folder/state.ts';
import { serve, type Service } from './process/handshake.ts';
import type { ProcessSystem } from './process/system.ts';
import { CONTOSO, FABRIKAM, fullName, type Scenario } from './scenario.ts';

/**
 * The process of the domain controller: KDC and LDAP over the lab's store, until SIGTERM. The first
 * time it makes the domain. Resolves when everything is closed.
 */
export async function runDcProcess(dir: string, system: ProcessSystem): Promise<void> {
  const paths = labPaths(dir);
  await serve(paths.dir, async () =>
    openController(paths, await needState(paths), CONTOSO, system),
  );
}

async function openController(
  paths: LabPaths,
  state: LabState,
  scenario: Scenario,
  system: ProcessSystem,
): Promise<Service> {
  const { address } = state.controller;
  const store = await openStore(paths, scenario, system);
  const audit = new AuditLog(paths.audit, system.log);
  const close = async (): Promise<void> => {
    await store.close();
    await audit.close();
  };
  try {
    const host = fullName(scenario, scenario.controller);
    const names = [host, scenario.controller.toLowerCase(), scenario.dnsName, 'localhost', address];
    const options: DomainControllerOptions = {
      store,
      controllerName: scenario.controller,
      listen: state.controller,
      tls: await labCertificate(paths, names, system),
      kdc: { ...LASTING, ...(state.lenient ? LENIENT.kdc : {}) },
      ldap: state.lenient ? LENIENT.ldap : {},
      clock: system.clock,
      random: system.random,
      audit: audit.write,
      passwordAudit: audit.write,
      ldapAudit: audit.write,
      onDefect: (error) => system.log(`defect: ${stackOf(error)}`),
    };
    const { controller, endpoints } = await listen(options, state, system);
    await ensureAliases(controller, scenario, ['localhost', hostname(), address]);
    await writeKeytabs(paths, scenario, controller.accounts);
    const other = await listenForOtherDomain({
      paths,
      scenario: FABRIKAM,
      address,
      ports: state.controller.otherDomain,
      system,
    });
    const { kdcPort, kpasswdPort, ldapPort, ldapsPort } = endpoints;
    const where = `KDC on ${kdcPort}, kpasswd on ${kpasswdPort}`;
    system.log(`${address}: ${where}, LDAP on ${ldapPort}, LDAPS on ${ldapsPort}`);
    return {
      report: { ...endpoints, otherDomain: other.address } satisfies ControllerAddress,
      async close() {
        await other.close();
        await controller.close();
        await close();
        system.log('closed');
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The passwords of a lab are on paper: they do not expire. */
const LASTING = { maxPasswordAge: 0 };

interface Listening {
  readonly controller: DomainController;
  readonly endpoints: Endpoints;
}

/** On the ports of last time; on free ones where somebody else has them now. */
async function listen(
  options: DomainControllerOptions,
  { privilegedPorts, controller: { address } }: LabState,
  { log }: ProcessSystem,
): Promise<Listening> {
  const controller = createDomainController(options);
  try {
    return { controller, endpoints: await controller.start() };
  } catch (cause) {
    if (!(cause instanceof DomainControllerError) || cause.code !== 'listen') throw cause;
    if (privilegedPorts) throw new LabError('address', reasonOf(cause), { cause });
    log(`${reasonOf(cause)}; other ports are taken`);
    const elsewhere = createDomainController({ ...options, listen: { address } });
    return { controller: elsewhere, endpoints: await elsewhere.start() };
  }
}

function reasonOf({ message, cause }: Error): string {
  return cause === undefined ? message : `${message}: ${messageOf(cause)}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
