// An SMSC with npm's smpp: prints events as lines of JSON, and obeys commands in lines of JSON.
const smpp = require('smpp');
const sessions = [];
let numbers = 0;
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const shown = (pdu) => ({
  source: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, esm_class: pdu.esm_class,
  registered: pdu.registered_delivery,
  text: String((pdu.short_message && pdu.short_message.message) || (pdu.message_payload && pdu.message_payload.message) || pdu.message_payload || ''),
  udh: pdu.short_message && pdu.short_message.udh ? pdu.short_message.udh.map((header) => header.toString('hex')) : [],
});

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const right = pdu.system_id === 'us' && pdu.password === 'smsc-pw';
    session.send(pdu.response({ command_status: right ? 0 : smpp.ESME_RINVPASWD, system_id: 'npm' }));
    say({ event: 'bind', right });
    if (right) sessions.push(session);
  });
  session.on('submit_sm', (pdu) => {
    const id = 'npm-' + (++numbers);
    session.send(pdu.response({ message_id: id }));
    say({ event: 'submit', id, ...shown(pdu) });
    if (pdu.registered_delivery & 1) {
      session.deliver_sm({
        source_addr: pdu.destination_addr, source_addr_ton: 1, destination_addr: pdu.source_addr, dest_addr_ton: 1,
        esm_class: 4, receipted_message_id: id, message_state: 2,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:`,
      }, (answer) => say({ event: 'receipt', id, status: answer.command_status }));
    }
  });
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); say({ event: 'enquire' }); });
  session.on('unbind', (pdu) => { session.send(pdu.response()); say({ event: 'unbind' }); session.close(); });
  session.on('close', () => { const at = sessions.indexOf(session); if (at >= 0) sessions.splice(at, 1); });
});
server.listen(Number(process.argv[2] || 0), '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.do === 'cut') sessions.slice().forEach((session) => session.destroy());
  else if (asked.do === 'enquire') sessions[0].enquire_link((answer) => say({ event: 'answered', status: answer.command_status }));
  else if (asked.do === 'deliver') sessions[0].deliver_sm(asked.pdu, (answer) => say({ event: 'delivered', status: answer.command_status }));
}).on('close', () => process.exit(0));
