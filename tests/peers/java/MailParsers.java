import jakarta.mail.BodyPart;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.james.mime4j.dom.Body;
import org.apache.james.mime4j.dom.Entity;
import org.apache.james.mime4j.dom.Message;
import org.apache.james.mime4j.dom.TextBody;
import org.apache.james.mime4j.message.DefaultMessageBuilder;
import org.apache.james.mime4j.stream.MimeConfig;

/**
 * Reads mails from standard input and prints what a parser shows of each.
 *
 * <p>Usage: java MailParsers.java mime4j|angus. A mail is its length in four bytes, big-endian, and its bytes. The
 * answer is a line of JSON: {"text": [...], "html": [...]}.
 */
public final class MailParsers {
    private final List<String> text = new ArrayList<>();
    private final List<String> html = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        while (true) {
            int size;
            try {
                size = in.readInt();
            } catch (EOFException end) {
                return;
            }
            byte[] content = in.readNBytes(size);
            MailParsers shown = new MailParsers();
            try {
                if (arguments[0].equals("mime4j")) {
                    shown.readWithMime4j(content);
                } else {
                    shown.readWithAngus(content);
                }
            } catch (Exception | StackOverflowError error) {
                // What was shown before the error counts.
            }
            out.println("{\"text\":" + json(shown.text) + ",\"html\":" + json(shown.html) + "}");
            out.flush();
        }
    }

    private void readWithMime4j(byte[] content) throws Exception {
        DefaultMessageBuilder builder = new DefaultMessageBuilder();
        builder.setMimeEntityConfig(MimeConfig.PERMISSIVE);
        Message message = builder.parseMessage(new ByteArrayInputStream(content));
        add(text, message.getSubject());
        if (message.getFrom() != null) {
            message.getFrom().forEach(mailbox -> add(text, mailbox.getName()));
        }
        walk(message);
    }

    private void walk(Entity entity) throws Exception {
        Body body = entity.getBody();
        if (body instanceof org.apache.james.mime4j.dom.Multipart multipart) {
            add(text, multipart.getPreamble());
            for (Entity part : multipart.getBodyParts()) {
                walk(part);
            }
            add(text, multipart.getEpilogue());
        } else if (body instanceof Message message) {
            add(text, message.getSubject());
            walk(message);
        } else if (body instanceof TextBody words) {
            StringBuilder all = new StringBuilder();
            char[] buffer = new char[8192];
            try (Reader reader = words.getReader()) {
                for (int count = reader.read(buffer); count >= 0; count = reader.read(buffer)) {
                    all.append(buffer, 0, count);
                }
            } finally {
                add("text/html".equals(entity.getMimeType()) ? html : text, all.toString());
            }
        }
    }

    private void readWithAngus(byte[] content) throws Exception {
        Properties lenient = System.getProperties();
        for (String name : List.of(
                "mail.mime.multipart.ignoremissingendboundary", "mail.mime.multipart.ignoremissingboundaryparameter",
                "mail.mime.multipart.ignoreexistingboundaryparameter", "mail.mime.base64.ignoreerrors",
                "mail.mime.ignoreunknownencoding", "mail.mime.uudecode.ignoreerrors")) {
            lenient.setProperty(name, name.contains("ignoreexisting") ? "false" : "true");
        }
        lenient.setProperty("mail.mime.parameters.strict", "false");
        MimeMessage message = new MimeMessage(Session.getInstance(lenient), new ByteArrayInputStream(content));
        add(text, message.getSubject());
        try {
            for (var address : message.getFrom()) {
                add(text, ((InternetAddress) address).getPersonal());
            }
        } catch (Exception error) {
            // An address that cannot be parsed has no name.
        }
        walk(message);
    }

    private void walk(Part part) throws Exception {
        Object body;
        try {
            body = part.getContent();
        } catch (Exception error) {
            try (InputStream raw = part.getInputStream()) {
                body = new String(raw.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        if (body instanceof Multipart multipart) {
            for (int number = 0; number < multipart.getCount(); number++) {
                BodyPart inner = multipart.getBodyPart(number);
                try {
                    walk(inner);
                } catch (Exception error) {
                    // The other parts may be readable.
                }
            }
        } else if (body instanceof MimeMessage message) {
            add(text, message.getSubject());
            walk(message);
        } else if (body instanceof String words) {
            add(part.isMimeType("text/html") ? html : text, words);
        }
    }

    private static void add(List<String> list, String words) {
        if (words != null && !words.isBlank()) {
            list.add(words);
        }
    }

    private static String json(List<String> list) {
        StringBuilder out = new StringBuilder("[");
        for (String item : list) {
            out.append(out.length() > 1 ? "," : "").append('"');
            for (char letter : item.toCharArray()) {
                if (letter == '"' || letter == '\\') {
                    out.append('\\').append(letter);
                } else if (letter < ' ' || letter > '~') {
                    out.append(String.format("\\u%04x", (int) letter));
                } else {
                    out.append(letter);
                }
            }
            out.append('"');
        }
        return out.append(']').toString();
    }
}
