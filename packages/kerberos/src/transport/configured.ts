import type { RandomSource } from '@doublehop/crypto/random';
import type { Krb5Config } from '../config/krb5-conf.ts';
import { createLocator } from '../locate/locator.ts';
import type { Resolver } from '../locate/resolver.ts';
import type { OpenChannel } from './channel.ts';
import { createKdcExchange, type KdcExchange } from './exchange.ts';

/** What an exchange needs besides its configuration. */
export interface ConfiguredExchangeOptions {
  readonly resolver: Resolver;
  readonly random: RandomSource;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Sockets; absent: those of node. */
  readonly open?: OpenChannel | undefined;
}

/** The exchange with the KDCs that a krb5.conf and the DNS name, with the limits of the former. */
export function configuredExchange(
  config: Krb5Config,
  { resolver, random, clock, open }: ConfiguredExchangeOptions,
): KdcExchange {
  const { udpPreferenceLimit, requestTimeout } = config.libdefaults;
  return createKdcExchange({
    locator: createLocator({ config, resolver, random, clock }),
    resolver,
    udpPreferenceLimit,
    requestTimeout: requestTimeout * 1000,
    open,
  });
}
