import type { DomainController } from '@doublehop/domain-controller/dc';
import { domainDn, type Scenario } from '../scenario.ts';

/**
 * Gives the controller names by which programs reach it without any change to a hosts file: that
 * of this machine too, for OpenLDAP takes it for the name of whatever listens on 127.0.0.1. A name
 * that somebody in the domain has already is left to them.
 */
export async function ensureAliases(
  { directory, accounts }: DomainController,
  scenario: Scenario,
  aliases: readonly string[],
): Promise<void> {
  const wanted = new Set(aliases.map((alias) => alias.toLowerCase()));
  const values = [...wanted]
    .filter((alias) => /^[\w.-]+$/u.test(alias) && accounts.bySpn(`HOST/${alias}`) === undefined)
    .flatMap((alias) => [`HOST/${alias}`, `ldap/${alias}`]);
  if (values.length === 0) return;
  const dn = `CN=${scenario.controller},OU=Domain Controllers,${domainDn(scenario)}`;
  await directory.modify(dn, [{ operation: 'add', attribute: 'servicePrincipalName', values }]);
}
