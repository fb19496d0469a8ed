import type { LibDefaults } from '../config/krb5-conf.ts';
import type { ClientSettings } from './context.ts';

/** The settings of [libdefaults] in a krb5.conf. */
export function settingsFromConfig(libdefaults: LibDefaults): Partial<ClientSettings> {
  const { permittedEtypes, tktEtypes, tgsEtypes, clockskew } = libdefaults;
  const { ticketLifetime, renewLifetime, forwardable, proxiable, canonicalize } = libdefaults;
  return {
    etypes: permittedEtypes,
    asEtypes: tktEtypes,
    tgsEtypes,
    clockSkew: clockskew,
    lifetime: ticketLifetime,
    renewLifetime,
    forwardable,
    proxiable,
    canonicalize,
  };
}
