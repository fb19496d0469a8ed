import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { registeredConfigurations } from '@doublehop/remoting/configurations/registered';
import { ConfigurationStore } from '@doublehop/remoting/configurations/store';
import { openTranscript } from '@doublehop/remoting/configurations/transcript';
import type { EndpointConfiguration } from '@doublehop/remoting/endpoint/endpoint-session';
import { configurationsPath, type LabPaths } from '../folder/paths.ts';
import type { Host } from '../hosts/host.ts';
import type { HostSession } from '../sessions/host-session.ts';
import type { WinRmCaller } from './caller.ts';
import { configurationCommands } from './configuration-commands.ts';
import { defaultConfiguration, environmentOf } from './default-configuration.ts';
import { hostIdentities } from './host-identities.ts';
import { sessionTools } from './session-tools.ts';

type Configuration = EndpointConfiguration<WinRmCaller, HostSession>;

/**
 * The session configurations of a host: the usual one, and those that `doublehop psconfig` wrote to
 * the lab's folder, read when a session opens. Transcripts go to `transcripts` beside them: the
 * host's own drive is not a real one.
 */
export function hostConfigurations(
  host: Host,
  paths: LabPaths,
  log: (line: string) => void,
): (name: string) => Configuration | undefined {
  const { random, clock } = host.system;
  const folder = configurationsPath(paths, host.name);
  const store = new ConfigurationStore(folder, random);
  const tools = sessionTools(configurationCommands((session) => ({ session, store })));
  const { views } = tools;
  const usual = defaultConfiguration(host, tools);
  const registered = registeredConfigurations(store, {
    allCommands: tools.commands,
    identities: hostIdentities(host),
    views: tools.views,
    blockCommands: ['Invoke-Command', 'icm'],
    environment: (session, name) => environmentOf(host, session, name),
    transcript: async (session) => {
      const transcripts = join(folder, '..', 'transcripts');
      await mkdir(transcripts, { recursive: true, mode: 0o700 });
      return openTranscript(session, {
        folder: transcripts,
        machine: host.name,
        clock,
        random,
        views,
      });
    },
    log: (line) => log(`${host.name}: ${line}`),
  });
  return (name) => (name.toLowerCase() === usual.name.toLowerCase() ? usual : registered(name));
}
