import { LabError } from '../errors.ts';
import { findHost, type Scenario } from '../scenario.ts';

/** Where a service of a host listens. */
export interface ServiceAddress {
  readonly address: string;
  readonly port: number;
}

/** Where a service listens for TLS. */
export interface TlsServiceAddress extends ServiceAddress {
  /** Whom to trust, PEM. */
  readonly ca: string;
}

/** The computers that a host can reach, in place of the DNS. */
export interface Network {
  /** Where the file server of a host is; undefined: no computer of that name can be reached. */
  readonly fileServer: (host: string) => ServiceAddress | undefined;
  /** Where its WinRM service is. */
  readonly winRm: (host: string) => ServiceAddress | undefined;
  /** The same over TLS; absent: none is known. */
  readonly winRmTls?: (host: string) => Promise<TlsServiceAddress | undefined>;
  /** LDAP of the domain's controller; absent: none is known. */
  readonly directory?: ServiceAddress;
}

/** Nobody is there. */
export const NO_NETWORK: Network = {
  fileServer: () => undefined,
  winRm: () => undefined,
};

/** The host that a name means, as its scenario spells it; undefined: there is no such computer. */
export function nameOfHost(scenario: Scenario, name: string): string | undefined {
  try {
    return findHost(scenario, name).name;
  } catch (error) {
    if (error instanceof LabError && error.code === 'unknown-host') return undefined;
    throw error;
  }
}
