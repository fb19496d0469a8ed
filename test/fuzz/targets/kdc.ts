import { PEER } from '../../../packages/domain-controller/test/support/realm.ts';
import type { FuzzTarget } from '../targets.ts';
import { recordStory } from './story.ts';

/** The KDC: every request is answered or met with silence, and never trips it. */
export async function kdcTargets(): Promise<readonly FuzzTarget[]> {
  const { realm, requests } = await recordStory();
  const handle = (transport: 'tcp' | 'udp') => (input: Uint8Array) => {
    const reply = realm.kdc.handle(input, { ...PEER, transport });
    const [defect] = realm.defects.splice(0);
    realm.events.length = 0;
    if (defect !== undefined) throw new Error('a defect', { cause: defect });
    if (reply !== undefined && ![0x6b, 0x6d, 0x7e].includes(reply[0] ?? 0)) {
      throw new Error('the reply is no Kerberos message');
    }
  };
  return [
    { name: 'kdc-tcp', seeds: requests, run: handle('tcp'), refuses: [] },
    { name: 'kdc-udp', seeds: requests, run: handle('udp'), refuses: [] },
  ];
}
