import { fold } from './text.ts';

/**
 * The service classes that HOST stands for: the value of sPNMappings that every domain is made with
 * (MS-ADTS 6.1.1.2.4.1.1). Not among them: ldap, wsman, termsrv, mssqlsvc, restrictedkrbhost.
 */
export const HOST_CLASSES =
  'alerter,appmgmt,cisvc,clipsrv,browser,dhcp,dnscache,replicator,eventlog,eventsystem,' +
  'policyagent,oakley,dmserver,dns,mcsvc,fax,msiserver,ias,messenger,netlogon,netman,netdde,' +
  'netddedsm,nmagent,plugplay,protectedstorage,rasman,rpclocator,rpc,rpcss,remoteaccess,rsvp,' +
  'samss,scardsvr,scesrv,seclogon,scm,dcom,cifs,spooler,snmp,schedule,tapisrv,trksvr,trkwks,' +
  'ups,time,wins,www,http,w3svc,iisadmin,msdtc';

/** Which class stands for a service class: `host` for `cifs`. */
export type SpnMappings = ReadonlyMap<string, string>;

/** Reads values of sPNMappings: `host=alerter,appmgmt,…`. */
export function parseSpnMappings(values: readonly string[]): SpnMappings {
  const mappings = new Map<string, string>();
  for (const value of values) {
    const equals = value.indexOf('=');
    if (equals < 0) continue;
    const stand = value.slice(0, equals).trim().toLowerCase();
    for (const name of value.slice(equals + 1).split(',')) {
      mappings.set(name.trim().toLowerCase(), stand);
    }
  }
  return mappings;
}

/** The same SPN under the class that stands for its own; undefined when none does. */
export function mappedSpn(mappings: SpnMappings, spn: string): string | undefined {
  const slash = spn.indexOf('/');
  if (slash < 0) return undefined;
  const stand = mappings.get(fold(spn.slice(0, slash)));
  return stand === undefined ? undefined : stand + spn.slice(slash);
}
