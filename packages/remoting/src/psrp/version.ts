import { RemotingError } from '../errors.ts';
import type { SessionCapability } from './messages/session.ts';

/** What both ends here speak. */
export const CAPABILITY: SessionCapability = {
  protocolVersion: '2.3',
  psVersion: '2.0',
  serializationVersion: '1.1.0.1',
};

/**
 * The version that a server answers (MS-PSRP 3.2.5.4.1): the client's own for 2.0 to 2.3, since
 * older ones take no other, and 2.3 to later ones. Throws RemotingError `unsupported`.
 */
export function answerVersion({
  protocolVersion,
  serializationVersion,
}: SessionCapability): string {
  const [major, minor = 0] = protocolVersion.split('.').map(Number);
  if (major !== 2 || !serializationVersion.startsWith('1.1.')) {
    throw new RemotingError('unsupported', 'a version of PSRP other than 2');
  }
  return minor <= 3 ? `2.${minor}` : '2.3';
}

/** Checks what a server answered (MS-PSRP 3.1.5.4.1). Throws RemotingError `unsupported`. */
export function checkServerVersion({ protocolVersion }: SessionCapability): void {
  if (!/^2\.[0-3]$/u.test(protocolVersion)) {
    throw new RemotingError('unsupported', 'the server speaks another version of PSRP');
  }
}

/**
 * Key of APPLICATION_PRIVATE_DATA by which this endpoint offers `OUTPUT_OPTION` of its WS-Man; true
 * where it does. Others do not look at it.
 */
export const OUTPUT_WITH_COMMAND = 'DoublehopOutputWithCommand';
