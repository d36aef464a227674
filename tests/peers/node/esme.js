// An application with npm's smpp: binds, prints what arrives as lines of JSON, and obeys commands in lines of JSON.
const smpp = require('smpp');
const [port, system_id, password, how] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const session = smpp.connect({ host: '127.0.0.1', port: Number(port), auto_enquire_link_period: 500 }, () => {
  session['bind_' + (how || 'transceiver')]({ system_id, password }, (answer) => {
    say({ event: 'bound', status: answer.command_status });
  });
});
session.on('error', () => {});
session.on('close', () => { say({ event: 'closed' }); process.exit(0); });
session.on('enquire_link_resp', () => say({ event: 'enquired' }));
session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  say({
    event: 'deliver', source: pdu.source_addr, to: pdu.destination_addr, esm_class: pdu.esm_class,
    text: String(pdu.short_message.message), receipted: pdu.receipted_message_id, state: pdu.message_state,
  });
});
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.do === 'unbind') session.unbind(() => { say({ event: 'unbound' }); session.close(); });
  else if (asked.do === 'cut') session.destroy();
  else {
    const pdu = asked.pdu;
    if (pdu.udh) { pdu.short_message = { udh: Buffer.from(pdu.udh, 'hex'), message: pdu.short_message }; delete pdu.udh; }
    session.submit_sm(pdu, (answer) => say({ event: 'submitted', mark: asked.mark, status: answer.command_status, id: answer.message_id }));
  }
}).on('close', () => process.exit(0));
