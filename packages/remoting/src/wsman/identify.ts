import { fromUtf8 } from '@doublehop/wire/bytes';
import { RemotingError } from '../errors.ts';
import { childOf, parseXml } from '../xml/parse.ts';
import { element } from '../xml/write.ts';
import { envelope } from './envelope.ts';
import { Namespace } from './names.ts';

/** Octets of an Identify request at most: it says nothing, and anybody may send it. */
const IDENTIFY_SIZE = 2048;

/** Whether a message asks who the service is (MS-WSMV 3.1.4.1.16). Anybody may. */
export function isIdentify(body: Uint8Array): boolean {
  if (body.length > IDENTIFY_SIZE) return false;
  try {
    const [asked] = childOf(parseXml(fromUtf8(body)), Namespace.SOAP, 'Body')?.children ?? [];
    return asked?.name === 'Identify' && asked.namespace === Namespace.IDENTITY;
  } catch (error) {
    if (error instanceof RemotingError) return false;
    throw error;
  }
}

export function identifyResponse({
  vendor,
  version,
}: {
  readonly vendor: string;
  readonly version: string;
}): string {
  const body = element(
    'wsmid:IdentifyResponse',
    { 'xmlns:wsmid': Namespace.IDENTITY },
    element('wsmid:ProtocolVersion', {}, 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'),
    element('wsmid:ProductVendor', {}, vendor),
    element('wsmid:ProductVersion', {}, version),
  );
  return envelope([], body);
}
