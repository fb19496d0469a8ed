// Captures what goes over the loopback interface, and has Wireshark look at it.
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGuarded, whenReady } from './guarded.ts';
import { run } from './run.ts';

/** A running capture. */
export interface Capture {
  /** Ends it when all that was sent before is in the file; returns the file's path. */
  readonly finish: () => Promise<string>;
}

const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const DISCARD_PORT = 9;

/** Captures what `address` receives and sends. Needs root. */
export async function startCapture(dir: string, address: string): Promise<Capture> {
  const file = join(dir, 'capture.pcap');
  const log = join(dir, 'tcpdump.log');
  // Packets that wait in the kernel's blocks are lost at the end, so they come at once. Then every
  // packet has a slot of the snapshot's length: the usual 2 MiB would be eight of them.
  const ring = ['--immediate-mode', '--snapshot-length=65535', '--buffer-size=65536'];
  const args = ['-i', 'lo', ...ring, '-U', '-Z', 'root', '-w', file, 'host', address];
  const tcpdump = await startGuarded('/usr/bin/tcpdump', args, log);
  await whenReady(tcpdump, () => until(() => contains(log, 'listening on')));
  return {
    finish: async () => {
      const end = `the end of ${dir}`;
      await datagram(end, address);
      await until(() => contains(file, end));
      await tcpdump.stop();
      return file;
    },
  };
}

/** Wireshark's view of a captured KDC, its tickets opened with the keys of a keytab. */
export class Dissection {
  readonly #options: readonly string[];

  constructor(file: string, port: number, keytab: string) {
    const decode = ['udp', 'tcp'].flatMap((kind) => ['-d', `${kind}.port==${port},kerberos`]);
    const keys = ['-o', 'kerberos.decrypt:TRUE', '-o', `kerberos.file:${keytab}`];
    this.#options = ['-n', '-r', file, ...decode, ...keys];
  }

  /** A row of fields for each packet that a display filter lets through. */
  async rows(filter: string, ...fields: readonly string[]): Promise<readonly string[][]> {
    const columns = fields.flatMap((field) => ['-e', field]);
    const text = await this.#tshark(['-Y', filter, '-T', 'fields', ...columns]);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t'));
  }

  /** Everything about the packets that a display filter lets through, as text. */
  details(filter: string): Promise<string> {
    return this.#tshark(['-Y', filter, '-V']);
  }

  async #tshark(args: readonly string[]): Promise<string> {
    const { stdout, stderr, status } = await run('tshark', [...this.#options, ...args]);
    if (status !== 0) throw new Error(`tshark: ${stderr}`);
    return stdout;
  }
}

function contains(file: string, text: string): boolean {
  return existsSync(file) && readFileSync(file, 'latin1').includes(text);
}

async function until(happened: () => boolean): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!happened()) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await sleep(POLL_MS);
  }
}

/** A datagram to nobody. */
function datagram(text: string, address: string): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.send(text, DISCARD_PORT, address, (error) => {
      socket.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}
