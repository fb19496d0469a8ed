import { lookup, Resolver as DnsResolver } from 'node:dns/promises';
import { DNS_TRIES, DNS_WAIT } from '../limits.ts';
import type { Resolver } from './resolver.ts';

/**
 * The resolver of this machine: SRV and TXT from its DNS servers, or from those given as
 * `address` or `address:port`; addresses as the system finds them, `/etc/hosts` included.
 */
export function nodeResolver(servers?: readonly string[]): Resolver {
  const dns = new DnsResolver({ timeout: DNS_WAIT, tries: DNS_TRIES });
  if (servers !== undefined) dns.setServers(servers);
  return {
    srv: async (name) => {
      const records = await orNone(dns.resolveSrv(name));
      return records.map(({ name: target, ...record }) => ({ ...record, target }));
    },
    txt: async (name) => (await orNone(dns.resolveTxt(name))).map((parts) => parts.join('')),
    addresses: async (host) => {
      const found = await orNone(lookup(host, { all: true }));
      return found.map(({ address }) => address);
    },
  };
}

/** No such name, or no such record of it: an answer, not a failure. */
async function orNone<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
}
