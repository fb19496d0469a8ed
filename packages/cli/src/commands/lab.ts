import { labControl } from '@doublehop/lab/control/client';
import { labDown } from '@doublehop/lab/down';
import { formatExports, labEnv } from '@doublehop/lab/env';
import { labStatus, type LabStatus } from '@doublehop/lab/status';
import { type LabProgress, labUp } from '@doublehop/lab/up';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import { addLabOptions, labCommand, labFolder, type LabOptions } from '../lab/folder.ts';
import { hostKlist } from '../lab/host-klist.ts';
import { methodsCommand } from '../lab/methods.ts';
import type { RunOptions } from '../lab/run.ts';
import { printJson } from '../output/json.ts';
import { renderTable } from '../output/table.ts';

/** `doublehop lab`: the domain in a box. */
export function command(context: Context): Command {
  const lab = new Command('lab')
    .description('The domain in a box: CONTOSO.COM with its controller and hosts, on this machine.')
    .addHelpText('after', EXAMPLES);
  const commands = [up, down, status, env, run, purge, klist, sessions, restart, clock];
  for (const make of commands) lab.addCommand(addLabOptions(make(context)));
  lab.addCommand(methodsCommand(context));
  return lab;
}

const EXAMPLES = `
Examples:
  $ doublehop lab up
  $ eval "$(doublehop lab env)"
  $ doublehop kinit alice
  $ doublehop lab purge ServerB
  $ doublehop lab methods
  $ doublehop lab down`;

interface UpOptions extends LabOptions {
  readonly address?: string;
  readonly privilegedPorts?: true;
  readonly lenient?: true;
}

function up(context: Context): Command {
  return new Command('up')
    .description('Start the lab; returns when every service answers. Does nothing if it is up.')
    .option('--privileged-ports', 'KDC 88, kpasswd 464, LDAP 389, LDAPS 636, HTTP 80')
    .option('--address <ip>', 'loopback address of the controller')
    .option('--lenient', 'take requests of old clients that leave out a checksum')
    .action(async (options: UpOptions) => {
      const { clock: now, random } = context;
      const { address, privilegedPorts, lenient } = options;
      const {
        already,
        status: found,
        took,
      } = await labUp({
        dir: labFolder(context, options),
        command: labCommand(),
        address,
        privilegedPorts,
        lenient,
        clock: now,
        random,
        onProgress: (progress) => tellProgress(context, progress),
      });
      if (options.json === true) {
        printJson(context, { already, took, ...found });
        return;
      }
      const how = already ? 'is up already' : `is up after ${took} ms`;
      context.out(`${found.realm} ${how}, in ${found.dir}\n`);
      context.out(`For this shell: eval "$(doublehop lab env${dirOption(options)})"\n`);
    });
}

function down(context: Context): Command {
  return new Command('down')
    .description('End the lab: no process and no port is left; its data stay.')
    .action(async (options: LabOptions) => {
      const { dir, endings } = await labDown(labFolder(context, options));
      if (options.json === true) printJson(context, { dir, endings });
      else if (Object.keys(endings).length === 0) context.out('the lab was down already\n');
      else context.out(`the lab in ${dir} is down\n`);
    });
}

function status(context: Context): Command {
  return new Command('status')
    .description('Ask every service whether it answers. Exit code 2 if not all do.')
    .action(async (options: LabOptions) => {
      const found = await labStatus(labFolder(context, options), context);
      if (found.state !== 'up') context.exitCode = EXIT.refused;
      if (options.json === true) printJson(context, found);
      else context.out(statusText(found));
    });
}

function env(context: Context): Command {
  return new Command('env')
    .description('Print the variables for a shell: eval "$(doublehop lab env)"')
    .action(async (options: LabOptions) => {
      const environment = await labEnv(labFolder(context, options));
      if (options.json === true) printJson(context, environment);
      else context.out(formatExports(environment));
    });
}

function run(context: Context): Command {
  return new Command('run')
    .description('Play the story of the double hop; the domain stays up afterwards.')
    .option('--once', 'in a lab of its own, which is removed afterwards; exit code 0 if as told')
    .action(async (options: RunOptions) => {
      const { runStory } = await import('../lab/run.ts');
      await runStory(context, options);
    });
}

function purge(context: Context): Command {
  return onHost('purge', 'klist purge -li 0x3e7 on a host: a fresh grant takes effect at once')
    .option('--li <id>', "logon session; default 0x3e7, the computer's own")
    .action(async (host: string, options: LabOptions & { readonly li?: string }) => {
      await hostKlist(context, { ...options, host, action: 'purge' });
    });
}

function klist(context: Context): Command {
  return onHost('klist', 'the tickets of a host, and the refusals that it remembers')
    .option('--li <id>', "logon session; default 0x3e7, the computer's own")
    .action(async (host: string, options: LabOptions & { readonly li?: string }) => {
      await hostKlist(context, { ...options, host, action: 'tickets' });
    });
}

function sessions(context: Context): Command {
  return onHost('sessions', 'the logon sessions of a host').action(
    async (host: string, options: LabOptions) => {
      await hostKlist(context, { ...options, host, action: 'sessions' });
    },
  );
}

function restart(context: Context): Command {
  return onHost('restart', 'forget what a restart of the host forgets: all of its caches').action(
    async (host: string, options: LabOptions) => {
      const dir = labFolder(context, options);
      const answer = await labControl<'restart'>(dir, { command: 'restart', host });
      if (options.json === true) printJson(context, answer);
      else context.out(`${answer.host} was restarted\n`);
    },
  );
}

function clock(context: Context): Command {
  return onHost('clock', "let time pass for a host's caches")
    .argument('<seconds>', 'how many; 900 is the life of a negative entry')
    .action(async (host: string, text: string, options: LabOptions) => {
      if (!/^\d{1,9}$/.test(text)) throw new UsageError(`seconds: "${text}" is no whole number`);
      const seconds = Number(text);
      const dir = labFolder(context, options);
      const answer = await labControl<'clock'>(dir, { command: 'clock', host, seconds });
      if (options.json === true) printJson(context, answer);
      else context.out(`the clock of ${answer.host} is ${answer.seconds} s ahead\n`);
    });
}

function onHost(name: string, description: string): Command {
  return new Command(name).description(description).argument('<host>', 'such as ServerB');
}

function tellProgress(context: Context, { step, process: name, after }: LabProgress): void {
  if (context.errIsTerminal) context.err(`${String(after).padStart(6)} ms  ${name} ${step}\n`);
}

function statusText({ state, realm, dir, processes, services }: LabStatus): string {
  const rows = services.map(({ name, address, answers, problem }) => [
    name,
    address,
    answers ? 'answers' : (problem ?? 'silent'),
  ]);
  const pids = processes.map(({ name, pid }) => `${name} ${pid ?? 'does not run'}`);
  const table = renderTable(['SERVICE', 'ADDRESS', 'STATE'], rows);
  const how = state === 'partly' ? 'partly up' : state;
  return `${realm} is ${how}, in ${dir}\nProcesses: ${pids.join(', ')}\n\n${table}`;
}

function dirOption({ dir }: LabOptions): string {
  return dir === undefined ? '' : ` --dir '${dir.replaceAll("'", String.raw`'\''`)}'`;
}
