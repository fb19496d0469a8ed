// Addresses and ports for servers under test.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A loopback address (RFC 1122 §3.2.1.3: all of 127/8) that no other test is likely to use. */
export function loopbackAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
}

/** A port that is free now on `address` for both TCP and UDP. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await freeTcpPort(address);
    if (await isUdpFree(address, port)) {
      return port;
    }
  }
}

/** Resolves when something accepts TCP connections there; throws after `timeout` milliseconds. */
export async function waitForPort(port: number, address: string, timeout = 15_000): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!(await accepts(port, address))) {
    if (performance.now() > deadline) {
      throw new Error(`nothing listens on ${address}:${port} after ${timeout} ms`);
    }
    await sleep(20);
  }
}

function freeTcpPort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isUdpFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', () => resolve(false));
    socket.bind(port, address, () => socket.close(() => resolve(true)));
  });
}

function accepts(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: address });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
