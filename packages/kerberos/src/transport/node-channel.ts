import dgram from 'node:dgram';
import net from 'node:net';
import { plain } from '@doublehop/wire/bytes';
import { errno } from '../private-file.ts';
import type { Channel, ChannelEvents, Endpoint } from './channel.ts';
import { FrameReader, frameMessage } from './framing.ts';

/** Channels over the sockets of node. */
export function nodeChannel(endpoint: Endpoint, events: ChannelEvents): Channel {
  return endpoint.transport === 'udp' ? udpChannel(endpoint, events) : tcpChannel(endpoint, events);
}

/**
 * A socket of its own for each request, connected: nothing but answers of that server to this
 * request arrives, and a closed port is known at once.
 */
function udpChannel({ address, port }: Endpoint, events: ChannelEvents): Channel {
  const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
  let waiting: Uint8Array | undefined;
  let connected = false;
  let closed = false;
  const fail = (error: Error) => {
    if (closed) return;
    close();
    events.onFailure(errno(error) ?? error.message);
  };
  const close = () => {
    if (closed) return;
    closed = true;
    socket.close();
  };
  const send = (request: Uint8Array) => {
    if (closed) return;
    if (!connected) {
      waiting = request;
      return;
    }
    socket.send(request, (error) => {
      if (error !== null) fail(error);
    });
  };
  socket.on('error', fail);
  socket.on('message', (reply) => {
    if (!closed) events.onReply(plain(reply));
  });
  socket.on('connect', () => {
    connected = true;
    if (waiting !== undefined) send(waiting);
  });
  socket.connect(port, address);
  return { send, close };
}

function tcpChannel({ address, port }: Endpoint, events: ChannelEvents): Channel {
  const socket = net.connect({ host: address, port, noDelay: true });
  const frames = new FrameReader();
  let closed = false;
  const close = () => {
    closed = true;
    socket.destroy();
  };
  const fail = (reason: string) => {
    if (closed) return;
    close();
    events.onFailure(reason);
  };
  socket.on('connect', () => {
    if (!closed) events.onConnect();
  });
  socket.on('error', (error) => fail(errno(error) ?? error.message));
  socket.on('close', () => fail('closed without an answer'));
  socket.on('data', (chunk) => {
    // Text arrives only where an encoding was set.
    if (typeof chunk === 'string') return;
    try {
      // One request, one answer: what follows the first is not ours.
      const [reply] = frames.push(chunk);
      if (reply !== undefined && !closed) events.onReply(reply);
    } catch {
      fail('answer too long');
    }
  });
  return { send: (request) => void socket.write(frameMessage(request)), close };
}
