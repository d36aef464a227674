// Reads mails from standard input and prints what a parser shows of each.
// Usage: node mail_parsers.mjs mailparser|postal-mime. A mail is its length in four bytes, big-endian, and its bytes.
// The answer is a line of JSON: {"text": [...], "html": [...]}.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.NODE_MODULES_OF ?? process.cwd(), 'package.json'));

function textOf(content) {
    return typeof content === 'string' ? content : new TextDecoder().decode(content);
}

const isText = type => /^(text|message)\//i.test(type ?? '') && !/rfc822/i.test(type ?? '');
const names = addresses => (addresses ?? []).flatMap(one => (one ? [one.name, ...names(one.group)] : []));

async function withMailparser(content) {
    const { simpleParser } = require('mailparser');
    const mail = await simpleParser(content, { skipTextToHtml: true, skipImageLinks: true });
    const people = [mail.from, mail.to, mail.cc, mail.replyTo].flat().map(one => one?.text);
    const files = mail.attachments.filter(file => isText(file.contentType)).map(file => textOf(file.content));
    return { text: [mail.subject, mail.text, ...people, ...files], html: [mail.html || ''] };
}

async function withPostalMime(content) {
    const PostalMime = require('postal-mime').default ?? require('postal-mime');
    const mail = await PostalMime.parse(content);
    const people = names([mail.from, mail.sender, ...(mail.to ?? []), ...(mail.cc ?? []), ...(mail.replyTo ?? [])]);
    const files = mail.attachments.filter(file => isText(file.mimeType)).map(file => textOf(file.content));
    return { text: [mail.subject, mail.text, ...people, ...files], html: [mail.html] };
}

const parse = { mailparser: withMailparser, 'postal-mime': withPostalMime }[process.argv[2]];
let pending = Buffer.alloc(0);
for await (const chunk of process.stdin) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const size = pending.readUInt32BE(0);
        const content = pending.subarray(4, 4 + size);
        pending = pending.subarray(4 + size);
        let shown;
        try {
            shown = await parse(Buffer.from(content));
        } catch (error) {
            shown = { text: [], html: [], error: String(error) };
        }
        for (const kind of ['text', 'html']) shown[kind] = shown[kind].filter(Boolean);
        process.stdout.write(JSON.stringify(shown) + '\n');
    }
}
