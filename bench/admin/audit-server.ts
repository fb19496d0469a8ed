// A domain with awkward data under audit, in a process of its own.
//
//   audit-server.ts DIR COMPUTERS     sends how it is reached over IPC, ends with the channel
import { fillAwkwardDomain } from '../../test/support/awkward-domain.ts';
import { startCorp } from '../../test/support/corp.ts';

const [dir = '.', computers = '10000'] = process.argv.slice(2);
const corp = await startCorp(dir, {
  // What impacket asks for: tickets and binds without checksums.
  settings: { requestChecksum: 'lenient' },
  ldap: { allowBareKerberos: true },
  prepare: async (directory) => {
    await fillAwkwardDomain(directory, { computers: Number(computers) });
  },
});
process.on('disconnect', () => {
  void corp.stop().then(() => process.exit(0));
});
const { address, host, hosts, realm, env, administrator, baseDn } = corp;
process.send?.({ address, host, hosts, realm, env, administrator, baseDn, pid: process.pid });
