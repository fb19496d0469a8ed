import {
  checkRegistration,
  isConfigurationName,
  type Registration,
} from '@doublehop/remoting/configurations/registration';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printJson } from '../output/json.ts';
import {
  addChangeOptions,
  changed,
  type ChangeOptions,
} from '../remoting-configurations/change.ts';
import {
  addHostOptions,
  type HostOptions,
  hostStore,
  needRegistration,
} from '../remoting-configurations/host-store.ts';
import { configurationLines, shownConfiguration } from '../remoting-configurations/shown.ts';

/** `doublehop psconfig`: session configurations of a lab host. */
export function command(context: Context): Command {
  const psconfig = new Command('psconfig')
    .description(
      'Session configurations of a lab host, as Register-PSSessionConfiguration makes them: what ' +
        '--configuration of invoke and enter names. New sessions follow at once.',
    )
    .addHelpText('after', EXAMPLES);
  psconfig.addCommand(
    addHostOptions(addChangeOptions(new Command('register').argument('<name>')))
      .description('make a new session configuration')
      .action((name: string, options: ChangeOptions) => register(context, name, options)),
  );
  psconfig.addCommand(
    addHostOptions(new Command('get').argument('[name]'))
      .description('show one, or all')
      .action((name: string | undefined, options: HostOptions) => get(context, name, options)),
  );
  psconfig.addCommand(
    addHostOptions(
      addChangeOptions(new Command('set').argument('<name>')).option(
        '--no-run-as',
        'sessions run as the caller again',
      ),
    )
      .description('change what is named; the rest stays')
      .action((name: string, options: ChangeOptions) => set(context, name, options)),
  );
  for (const [word, isEnabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    psconfig.addCommand(
      addHostOptions(new Command(word).argument('<name>'))
        .description(isEnabled ? 'let it be opened again' : 'keep it, but let nobody open it')
        .action((name: string, options: HostOptions) => turn(context, name, isEnabled, options)),
    );
  }
  return psconfig.addCommand(
    addHostOptions(new Command('unregister').argument('<name>'))
      .description('remove it, with its sealed password')
      .action((name: string, options: HostOptions) => unregister(context, name, options)),
  );
}

const EXAMPLES = `
Passwords are asked for or read from a file, and kept sealed with a key of the
host (AES-256-GCM); nothing shows them again.

Examples:
  $ doublehop psconfig register Maintenance --file maintenance.pssc
  $ doublehop psconfig register Demo --run-as 'CONTOSO\\alice'
  $ doublehop psconfig get --host ServerB --json
  $ doublehop psconfig set Demo --sddl 'O:NSG:BAD:P(A;;GA;;;BA)'
  $ doublehop psconfig unregister Demo`;

async function register(context: Context, name: string, options: ChangeOptions): Promise<void> {
  if (!isConfigurationName(name)) {
    throw new UsageError(`"${name}" cannot be a name: letters, digits, dots, dashes, underscores`);
  }
  const store = await hostStore(context, options);
  if ((await store.get(name)) !== undefined) {
    throw new UsageError(`${options.host} has ${name} already: psconfig set changes it`);
  }
  const blank: Registration = { name, modulePath: [], isEnabled: true };
  const registration = await changed(context, store, blank, options);
  await store.put(registration);
  tell(context, registration, options, `${options.host} has the session configuration ${name}`);
}

async function get(
  context: Context,
  name: string | undefined,
  options: HostOptions,
): Promise<void> {
  const store = await hostStore(context, options);
  const all =
    name === undefined ? await store.list() : [await needRegistration(store, name, options)];
  const shown = all.map(shownConfiguration);
  if (options.json === true) printJson(context, shown);
  else if (shown.length > 0) context.out(shown.map(configurationLines).join('\n'));
  else context.err(`${options.host} has the default session configuration only\n`);
}

async function set(context: Context, name: string, options: ChangeOptions): Promise<void> {
  const { file, sddl, runAs, modules } = options;
  if ([file, sddl, runAs, modules].every((one) => one === undefined)) {
    throw new UsageError(
      'what should change? Give --file, --sddl, --run-as, --no-run-as, --modules',
    );
  }
  const store = await hostStore(context, options);
  const before = await needRegistration(store, name, options);
  const after = await changed(context, store, before, options);
  checkRegistration(after);
  await store.put(after);
  tell(context, after, options, `${after.name} was changed`);
}

async function turn(
  context: Context,
  name: string,
  isEnabled: boolean,
  options: HostOptions,
): Promise<void> {
  const store = await hostStore(context, options);
  const after = { ...(await needRegistration(store, name, options)), isEnabled };
  await store.put(after);
  tell(context, after, options, `${after.name} is ${isEnabled ? 'enabled' : 'disabled'}`);
}

async function unregister(context: Context, name: string, options: HostOptions): Promise<void> {
  const store = await hostStore(context, options);
  if (!(await store.remove(name))) {
    throw new UsageError(`${options.host} has no session configuration ${name}`);
  }
  if (options.json === true) printJson(context, { name, removed: true });
  else context.out(`${options.host} has no longer the session configuration ${name}\n`);
}

function tell(
  context: Context,
  registration: Registration,
  { json }: HostOptions,
  sentence: string,
): void {
  if (json === true) printJson(context, shownConfiguration(registration));
  else context.out(`${sentence}\n`);
}
