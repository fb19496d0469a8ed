import { describe, expect, it } from 'vitest';
import { startDomain } from './support/domain.ts';

describe('a controller', () => {
  it('starts', async () => {
    const domain = await startDomain();
    expect(domain.endpoints.kdcPort).toBeGreaterThan(0);
    await domain.close();
  });
});
