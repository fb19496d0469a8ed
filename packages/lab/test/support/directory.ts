// The scenario's domain with its controller on a free port of this process, and a console whose
// ActiveDirectory commands work with it.
import { connect } from '@doublehop/admin/connect';
import { createDomainController } from '@doublehop/domain-controller/dc';
import { krb5Config } from '@doublehop/kerberos/config/krb5-conf';
import { parseProfile } from '@doublehop/kerberos/config/profile';
import { noResolver } from '@doublehop/kerberos/locate/resolver';
import { configuredExchange } from '@doublehop/kerberos/transport/configured';
import { pooledRandom } from '@doublehop/crypto/random';
import { Directory } from '@doublehop/directory/directory';
import { memoryStore } from '@doublehop/directory/store/memory';
import { builtinCommands, commandTable } from '@doublehop/powershell/builtin/builtin';
import { type Command, CommandFailure } from '@doublehop/powershell/commands/command';
import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { runPipeline } from '@doublehop/powershell/commands/pipeline';
import { Interpreter } from '@doublehop/powershell/language/interpreter';
import { parseScript } from '@doublehop/powershell/language/parse';
import { toText } from '@doublehop/powershell/objects/text';
import { type PsValue, SecureText } from '@doublehop/powershell/objects/value';
import { passwordClient } from '../../src/console/tickets.ts';
import { populate } from '../../src/dc/populate.ts';
import type { DirectoryAccess } from '../../src/directory-commands/access.ts';
import { directoryCommands } from '../../src/directory-commands/directory-commands.ts';
import { userOf } from '../../src/remoting/caller.ts';
import { CONTOSO } from '../../src/scenario.ts';

/** What a script came to. */
export interface Ran {
  readonly output: readonly PsValue[];
  /** Lines for the person at the console. */
  readonly told: readonly string[];
  /** The error it ended with. */
  readonly error: ErrorRecord | undefined;
}

export interface DirectoryConsole {
  /** Whoever sits there; `Administrator` at first. */
  user: string;
  /** What `-Confirm` is answered with; undefined: nobody can be asked. */
  answer: boolean | undefined;
  /** Runs a script; `$password` is dora's. */
  run(script: string): Promise<Ran>;
  /** Whether there is such an entry. */
  has(dn: string): boolean;
  close(): Promise<void>;
}

/** Starts it. */
export async function startDirectory(): Promise<DirectoryConsole> {
  const clock = (): number => Date.now();
  const random = pooledRandom();
  const store = memoryStore();
  const directory = new Directory({ store, clock, random });
  await populate(directory, CONTOSO, random);
  const listen = { address: '127.0.0.1' };
  const dc = createDomainController({ store, controllerName: 'DC', listen, clock, random });
  const { kdcPort, ldapPort } = await dc.start();
  const dn = 'CN=DC,OU=Domain Controllers,DC=contoso,DC=com';
  const values = ['ldap/localhost'];
  await dc.directory.modify(dn, [{ operation: 'add', attribute: 'servicePrincipalName', values }]);
  const config = krb5Config(parseProfile(profileOf(kdcPort)));
  const transport = configuredExchange(config, { resolver: noResolver, random, clock });
  const open: DirectoryAccess['directory'] = async (_, credential) => {
    const user = credential?.user ?? console.user;
    const password = credential?.password ?? SecureText.of(`Passw0rd.${user}`);
    const client = passwordClient(userOf(CONTOSO, user), password, { transport, clock, random });
    const urls = [`ldap://localhost:${ldapPort}`];
    return await connect({ urls, kerberos: client, config, clock, random });
  };
  const commands: readonly Command<undefined>[] = [
    ...directoryCommands<undefined>(() => ({
      directory: open,
      variables: (name) => interpreter.getVariable(name),
      askPassword: async (user) => SecureText.of(`Passw0rd.${user}`),
      ...(console.answer !== undefined && { confirm: async () => console.answer === true }),
    })),
    ...builtinCommands<undefined>(() => commands),
  ];
  const find = commandTable(commands);
  const display = { width: 80, views: [] };
  const interpreter = new Interpreter({
    runPipeline: (calls, run) => runPipeline(calls, { find, session: undefined, display, ...run }),
  });
  interpreter.setVariable('password', SecureText.of('Passw0rd.dora'));
  const console: DirectoryConsole = {
    user: 'Administrator',
    answer: undefined,
    run: (script) => ran(interpreter, script),
    has: (entry) => dc.directory.find(entry) !== undefined,
    close: async () => {
      await dc.close();
      await store.close();
    },
  };
  return console;
}

async function ran(interpreter: Interpreter, text: string): Promise<Ran> {
  const output: PsValue[] = [];
  const told: string[] = [];
  let error: ErrorRecord | undefined;
  const nothing = (): void => undefined;
  const streams = {
    output: (value: PsValue) => void output.push(value),
    error: (record: ErrorRecord) => {
      error = record;
    },
    warning: nothing,
    verbose: nothing,
    debug: nothing,
    information: (value: PsValue) => void told.push(toText(value)),
    progress: nothing,
  };
  try {
    await interpreter.run(parseScript(text, 'test'), streams, new AbortController().signal);
  } catch (failure) {
    if (!(failure instanceof CommandFailure)) throw failure;
    error = failure.record;
  }
  return { output, told, error };
}

function profileOf(kdcPort: number): string {
  return `[libdefaults]
  default_realm = CONTOSO.COM
  dns_lookup_kdc = false
[realms]
  CONTOSO.COM = {
    kdc = 127.0.0.1:${kdcPort}
  }
[domain_realm]
  localhost = CONTOSO.COM
`;
}
