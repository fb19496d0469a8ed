/** Where a service of a host listens. */
export interface ServiceAddress {
  readonly address: string;
  readonly port: number;
}

/** The computers that a host can reach, in place of the DNS. */
export interface Network {
  /** Where the file server of a host is; undefined: no computer of that name can be reached. */
  readonly fileServer: (host: string) => ServiceAddress | undefined;
}

/** Nobody is there. */
export const NO_NETWORK: Network = { fileServer: () => undefined };
