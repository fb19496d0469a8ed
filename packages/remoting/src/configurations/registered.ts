import type { EndpointConfiguration } from '../endpoint/endpoint-session.ts';
import { invalidResource } from '../wsman/faults.ts';
import { configurationUri } from '../wsman/names.ts';
import type { ShellOwner } from '../wsman/shell-backend.ts';
import { type ConfigurationOptions, openConfiguration } from './open-configuration.ts';
import { isConfigurationName } from './registration.ts';
import type { ConfigurationStore } from './store.ts';

/**
 * What a store has, for an endpoint's `configuration`. It is read when a session opens: what was
 * registered or removed by another process counts at once.
 */
export function registeredConfigurations<C extends ShellOwner, S>(
  store: ConfigurationStore,
  options: Omit<ConfigurationOptions<C, S>, 'registration' | 'runAsPassword'>,
): (name: string) => EndpointConfiguration<C, S> | undefined {
  return (name) => {
    if (!isConfigurationName(name)) return undefined;
    return {
      name,
      open: async (opening) => {
        const registration = await store.get(name);
        if (registration === undefined) throw invalidResource(configurationUri(name));
        const runAsPassword = store.runAsPassword.bind(store);
        return openConfiguration({ ...options, registration, runAsPassword }).open(opening);
      },
    };
  };
}
