/** What the command takes from its environment; read here and nowhere else. */
export interface Environment {
  /** KRB5_CONFIG: files, separated by colons. */
  readonly krb5Config: string | undefined;
  /** KRB5CCNAME. */
  readonly ccache: string | undefined;
  /** KRB5_KTNAME. */
  readonly keytab: string | undefined;
  /** DOUBLEHOP_LAB: the folder of the lab that this shell works with. */
  readonly lab: string | undefined;
  /** DOUBLEHOP_LDAP: URL of the controller that commands use unless told otherwise. */
  readonly ldap: string | undefined;
  readonly stateHome: string | undefined;
  readonly home: string | undefined;
  readonly user: string | undefined;
  readonly temp: string;
}

/** Reads the variables; an empty one counts as absent. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const value = (name: string): string | undefined => {
    const text = variables[name];
    return text === undefined || text === '' ? undefined : text;
  };
  return {
    krb5Config: value('KRB5_CONFIG'),
    ccache: value('KRB5CCNAME'),
    keytab: value('KRB5_KTNAME'),
    lab: value('DOUBLEHOP_LAB'),
    ldap: value('DOUBLEHOP_LDAP'),
    stateHome: value('XDG_STATE_HOME'),
    home: value('HOME'),
    user: value('USER'),
    temp: value('TMPDIR') ?? '/tmp',
  };
}
