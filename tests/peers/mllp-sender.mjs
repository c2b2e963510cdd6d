// MLLP senders that are not ours: `node mllp-sender.mjs NAME PORT COUNT [die]`.
// Sends COUNT admissions, one after the other, and prints one line of JSON for each answer: its
// MSA-1 and MSA-2. With 'die' it ends in the middle of the last message's bytes.
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const [name, port, count, dies] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4]), process.argv[5] === 'die'];

function admission(number) {
  return [
    `MSH|^~\\&|PAS|RXH|DOWNTIME|RXH|20261102101500||ADT^A01^ADT_A01|${name}-${number}|P|2.4`,
    'EVN|A01|20261102101500',
    `PID|1||${5000 + number}^^^DEMO^MR||Foreign^Fay||19700101|F`,
    `PV1|1|I|W1^B1^${number}||||||||||||||||V${name}${number}|||||||||||||||||||||||||20261102101500`,
  ].join('\r') + '\r';
}

function heard(code, number) {
  process.stdout.write(`${JSON.stringify({ code: String(code), number: String(number) })}\n`);
}

const senders = {
  async 'simple-hl7'() {
    const hl7 = createRequire(import.meta.url)('simple-hl7');
    const client = hl7.Server.createTcpClient({ host: '127.0.0.1', port, keepalive: true });
    const parser = new hl7.Parser({ segmentSeperator: '\r' });
    for (let number = 1; number <= count; number += 1) {
      await new Promise((resolve, reject) => {
        client.send(parser.parse(admission(number)), (error, ack) => {
          if (error) {
            reject(error);
            return;
          }
          const msa = ack.getSegment('MSA');
          heard(msa.getField(1), msa.getField(2));
          resolve();
        });
      });
    }
    client.close();
  },

  async 'hl7v2-net'() {
    const { Hl7Client } = await import('hl7v2-net');
    const { HL7Message } = await import('hl7v2');
    const client = Hl7Client.createClient({ host: '127.0.0.1', port });
    await client.connect();
    for (let number = 1; number <= count; number += 1) {
      const ack = await client.sendMessageWaitAck(HL7Message.parse(admission(number)));
      const msa = ack.getSegment('MSA');
      heard(msa.field(1).getValue(), msa.field(2).getValue());
    }
    await client.close();
  },
};

await senders[name]();
if (dies) {
  const line = connect(port, '127.0.0.1', () => {
    line.write(`\x0b${admission(count + 1)}`.slice(0, 120), () => process.kill(process.pid, 'SIGKILL'));
  });
} else {
  process.exit(0);
}
