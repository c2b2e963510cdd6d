// An MLLP receiver that is not ours, on the loopback address: `node mllp-receiver.mjs NAME PORT [refuse]`.
// Prints 'ready', then one line of JSON for each message that it parsed: its control ID and PID-5.
// With 'refuse' it answers the first message with an error, in its own way.
import { createRequire } from 'node:module';

const [name, port, refuse] = [process.argv[2], Number(process.argv[3]), process.argv[4] === 'refuse'];
let seen = 0;

function heard(number, family) {
  process.stdout.write(`${JSON.stringify({ number: String(number), family: String(family) })}\n`);
  seen += 1;
  return refuse && seen === 1;
}

const receivers = {
  async 'node-hl7-server'() {
    const { Server } = await import('node-hl7-server');
    const server = new Server({ bindAddress: '127.0.0.1' });
    const inbound = server.createInbound({ port }, async (req, res) => {
      const message = req.getMessage();
      const bad = heard(message.get('MSH.10'), message.get('PID.5.1'));
      await res.sendResponse(bad ? 'AE' : 'AA');
    });
    await new Promise((resolve) => inbound.once('listen', resolve));
  },

  async 'simple-hl7'() {
    const hl7 = createRequire(import.meta.url)('simple-hl7');
    const app = hl7.tcp();
    app.use((req, res, next) => {
      const pid = req.msg.getSegment('PID');
      const bad = heard(req.msg.header.getField(8), pid.getComponent(5, 1));
      if (bad) {
        res.ack.getSegment('MSA').setField(1, 'AR');
      }
      res.end();
    });
    app.start(port, 'utf-8');
  },

  async 'hl7v2-net'() {
    const { HL7Server } = await import('hl7v2-net');
    const server = HL7Server.createServer();
    server.use(async (req) => {
      const message = req.message;
      const pid = message.getSegment('PID');
      const bad = heard(message.controlId, pid.field(5).getValue());
      if (bad) {
        throw new Error('This test is not known here');
      }
    });
    await server.listen(port, '127.0.0.1');
  },
};

await receivers[name]();
process.stdout.write('ready\n');
