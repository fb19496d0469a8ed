import { labPaths } from './folder/paths.ts';
import { needState } from './folder/state.ts';

/** What a shell needs to use the lab. */
export interface LabEnvironment {
  readonly KRB5_CONFIG: string;
  /** A cache of the lab's own: the user's own tickets are left alone. */
  readonly KRB5CCNAME: string;
  /** The folder. */
  readonly DOUBLEHOP_LAB: string;
  /** `ldap://localhost:PORT`. */
  readonly DOUBLEHOP_LDAP: string;
  /** OpenLDAP's programs: the name in the URL is the service's, whatever the DNS says. */
  readonly LDAPSASL_NOCANON: 'on';
}

const LDAP_PORT = 389;

/** The variables of a lab that was started at least once. Throws LabError `no-lab`. */
export async function labEnv(dir: string): Promise<LabEnvironment> {
  const paths = labPaths(dir);
  const { controller, privilegedPorts } = await needState(paths);
  const { address, ldapPort } = controller;
  // `localhost` is the controller's name only where nobody else may have its ports.
  const host = privilegedPorts ? address : 'localhost';
  return {
    KRB5_CONFIG: paths.krb5Conf,
    KRB5CCNAME: `FILE:${paths.ccache}`,
    DOUBLEHOP_LAB: paths.dir,
    DOUBLEHOP_LDAP: ldapPort === LDAP_PORT ? `ldap://${host}` : `ldap://${host}:${ldapPort}`,
    LDAPSASL_NOCANON: 'on',
  };
}

/** Export commands for a POSIX shell, to be evaluated. */
export function formatExports(environment: LabEnvironment): string {
  const lines = Object.entries(environment).map(([name, value]) => {
    const quoted = String(value).replaceAll("'", String.raw`'\''`);
    return `export ${name}='${quoted}'\n`;
  });
  return lines.join('');
}
