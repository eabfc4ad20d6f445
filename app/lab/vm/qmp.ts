// SPDX-License-Identifier: MIT
// The few words of QEMU's machine protocol that we need (docs/interop/qmp-spec.txt). It may not decide what to do about an answer.
import type { Duplex } from 'node:stream';
import { z } from 'zod';

const Message = z.union([
  z.object({ return: z.unknown(), id: z.number().optional() }),
  z.object({ error: z.object({ desc: z.string() }), id: z.number().optional() }),
  z.object({ event: z.string() }),
  z.object({ QMP: z.unknown() }),
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface Qmp {
  /** Rejects with QEMU's words, or when QEMU goes away. */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
}

/** Greets QEMU; commands are answered in order, each with its id. */
export function openQmp(stream: Duplex): Qmp {
  const waiting = new Map<number, Waiting>();
  let ids = 0;
  let rest = '';
  let gone = false;

  const close = (): void => {
    gone = true;
    for (const { reject } of waiting.values()) reject(new Error('QEMU went away'));
    waiting.clear();
  };
  const take = (line: string): void => {
    const message = Message.safeParse(parse(line));
    if (!message.success || !('id' in message.data) || message.data.id === undefined) return;
    const call = waiting.get(message.data.id);
    waiting.delete(message.data.id);
    if ('error' in message.data) call?.reject(new Error(message.data.error.desc));
    else call?.resolve(message.data.return);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('close', close);
  stream.on('error', close);

  const execute = (command: string, args: Record<string, unknown> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone) return reject(new Error('QEMU went away'));
      const id = ++ids;
      waiting.set(id, { resolve, reject });
      stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  execute('qmp_capabilities').catch(() => undefined);
  return { execute };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
