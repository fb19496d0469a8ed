import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { pooledRandom } from '@doublehop/crypto/random';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { describe, expect, it } from 'vitest';

const names = ['dc.contoso.com', 'contoso.com', '127.0.0.1', 'fe80::1'];
const made = (now: number, keyType: 'rsa' | 'ec' = 'ec') =>
  selfSignedCertificate({ names, now, keyType, random: pooledRandom() });

describe('RFC 5280 §4 self-signed certificate', () => {
  it('is signed by its own key and says what it was asked to', () => {
    const now = Date.UTC(2026, 10, 22, 17);
    const certificate = new X509Certificate(made(now).cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.subject).toBe('CN=dc.contoso.com');
    expect(certificate.checkHost('contoso.com')).toBe('contoso.com');
    expect(certificate.checkHost('fabrikam.com')).toBeUndefined();
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('fe80::1')).toBe('fe80::1');
    expect(certificate.ca).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.validFromDate.getTime()).toBe(now - 3_600_000);
    expect(certificate.validToDate.getTime()).toBe(now + 397 * 86_400_000);
  });

  it('§4.1.2.5: writes years from 2050 on with four digits', () => {
    const now = Date.UTC(2060, 0, 1);
    const certificate = new X509Certificate(made(now).cert);
    expect(certificate.validFromDate.getTime()).toBe(now - 3_600_000);
  });

  it('RFC 4055 §5: has an RSA key of 2048 bits where that is asked for', () => {
    const certificate = new X509Certificate(made(Date.now(), 'rsa').cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('needs a name', () => {
    const request = { names: [], now: 0, random: pooledRandom() };
    expect(() => selfSignedCertificate(request)).toThrow(TypeError);
  });

  it.each(['ec', 'rsa'] as const)(
    '%s serves TLS to who trusts it, under its names',
    async (type) => {
      const { cert, key } = made(Date.now(), type);
      const server = createServer({ cert, key }, (socket) => socket.end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const shake = (servername: string) =>
        new Promise<boolean>((resolve, reject) => {
          const socket = connect({ host: '127.0.0.1', port, ca: cert, servername }, () => {
            resolve(socket.authorized);
            socket.destroy();
          });
          socket.on('error', reject);
        });
      await expect(shake('dc.contoso.com')).resolves.toBe(true);
      await expect(shake('dc.fabrikam.com')).rejects.toThrow(/altnames/);
      await new Promise((resolve) => server.close(resolve));
    },
  );
});
