import { createSecureContext } from 'node:tls';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { readPassword, readSecretFile } from '../input/secret.ts';

/** A client's certificate with its key, as TLS takes it. */
export interface ClientCertificate {
  readonly pfx: Buffer;
  readonly passphrase: string;
}

/**
 * Reads a PKCS#12 file (RFC 7292). The pass-phrase comes from its own file, else from a prompt; one
 * that is empty is tried first, so that files without one ask nothing.
 */
export async function readClientCertificate(
  context: Context,
  path: string,
  passphraseFile: string | undefined,
): Promise<ClientCertificate> {
  const pfx = await readArgument('--client-certificate', path);
  if (passphraseFile !== undefined) {
    const text = (await readSecretFile(context, '--passphrase-file', passphraseFile)).toString();
    return checked(path, { pfx, passphrase: text.split(/\r?\n/, 1)[0] ?? '' });
  }
  const bare = { pfx, passphrase: '' };
  if (openFailure(bare) === undefined) return bare;
  if (!context.input.isTerminal) {
    checked(path, bare);
  }
  const passphrase = await readPassword(context, `Pass-phrase of ${path}`);
  return checked(path, { pfx, passphrase });
}

function checked(path: string, certificate: ClientCertificate): ClientCertificate {
  const failure = openFailure(certificate);
  if (failure === undefined) return certificate;
  if (/mac verify|bad decrypt/i.test(failure)) {
    throw new UsageError(
      `--client-certificate: wrong pass-phrase for ${path}; give it with --passphrase-file`,
    );
  }
  if (/unsupported/i.test(failure)) {
    throw new UsageError(
      `--client-certificate: ${path} is encrypted with an old cipher; write it anew: ` +
        'openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW',
    );
  }
  throw new UsageError(
    `--client-certificate: ${path} is no PKCS#12 file with certificate and key (${failure})`,
  );
}

/** What OpenSSL says against it. */
function openFailure(certificate: ClientCertificate): string | undefined {
  try {
    createSecureContext({ ...certificate });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read';
  }
}
