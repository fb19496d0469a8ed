import { isIPv4 } from 'node:net';
import { WELL_KNOWN_PORTS } from '@doublehop/domain-controller/listeners';
import { LabError } from '../errors.ts';
import type { Scenario } from '../scenario.ts';
import type { ControllerAddress, HostAddress } from './state.ts';

/** Where a lab is to listen. */
export interface AddressOptions {
  /** An IPv4 loopback address: the controller's, and without privileged ports everybody's. */
  readonly address?: string | undefined;
  /** The controller's as in any domain, HTTP 80, each host on an address of its own. */
  readonly privilegedPorts?: boolean | undefined;
}

/** The addresses of a lab that was not there before. */
export interface Addresses {
  readonly privilegedPorts: boolean;
  readonly controller: ControllerAddress;
  readonly hosts: readonly HostAddress[];
}

const DEFAULT_ADDRESS = '127.0.0.1';
const DEFAULT_PRIVILEGED_ADDRESS = '127.0.0.100';
const FREE = { kdcPort: 0, kpasswdPort: 0, ldapPort: 0, ldapsPort: 0, gcPort: 0, gcsPort: 0 };
const HTTP_PORT = 80;
const SMB_PORT = 445;
const WINRM_PORT = 5985;
const WINRM_TLS_PORT = 5986;

/**
 * Addresses for a new lab; free ports are 0. Throws LabError `usage` for an address that others
 * could reach: the passwords of a lab are known to everybody.
 */
export function chooseAddresses(scenario: Scenario, options: AddressOptions): Addresses {
  const privilegedPorts = options.privilegedPorts === true;
  const usual = privilegedPorts ? DEFAULT_PRIVILEGED_ADDRESS : DEFAULT_ADDRESS;
  const { address = usual } = options;
  if (!isLoopback(address)) {
    throw new LabError('usage', `${JSON.stringify(address)} is no address of 127.0.0.0/8`);
  }
  const running = scenario.hosts.filter(({ runs }) => runs);
  return {
    privilegedPorts,
    controller: { address, ...(privilegedPorts ? WELL_KNOWN_PORTS : FREE) },
    hosts: running.map(({ name }, index) =>
      privilegedPorts
        ? {
            name,
            address: addressAfter(address, index + 1),
            port: HTTP_PORT,
            smbPort: SMB_PORT,
            winRmPort: WINRM_PORT,
            winRmTlsPort: WINRM_TLS_PORT,
          }
        : { name, address, port: 0, smbPort: 0, winRmPort: 0, winRmTlsPort: 0 },
    ),
  };
}

function isLoopback(address: string): boolean {
  return isIPv4(address) && address.startsWith('127.');
}

/** The address `steps` above; they wrap inside of the last octet, below 255. */
function addressAfter(address: string, steps: number): string {
  const octets = address.split('.').map(Number);
  const last = ((octets[3] ?? 0) + steps - 1) % 254;
  return [...octets.slice(0, 3), last + 1].join('.');
}
