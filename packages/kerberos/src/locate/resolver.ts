/** One SRV record (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Host name; empty or `.` where the service is decidedly not available. */
  readonly target: string;
  /** Seconds, where the resolver tells. */
  readonly ttl?: number | undefined;
}

/**
 * What this package asks of the DNS. A name without such records gives an empty list; a failure of
 * the DNS itself rejects.
 */
export interface Resolver {
  srv(name: string): Promise<readonly SrvRecord[]>;
  /** TXT records, each joined to one text. */
  txt(name: string): Promise<readonly string[]>;
  /** IPv4 and IPv6 addresses of a host, as the system resolves it. */
  addresses(host: string): Promise<readonly string[]>;
}

/** Knows no names: for a domain that is configured by addresses alone. */
export const noResolver: Resolver = {
  srv: async () => [],
  txt: async () => [],
  addresses: async () => [],
};
