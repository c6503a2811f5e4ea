// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * Writes what String.getBytes(charset) and new String(bytes, charset) do, which is how Kafka's StringSerializer and
 * StringDeserializer encode and decode. Bytes are in hexadecimal, and texts as those of their UTF-8.
 *
 * The first file has the charsets of single bytes, one a line: its name, its other names separated by blanks, and the
 * text of the bytes 0 to 255. The second has cases, their parts separated by tabs:
 *
 *     names   charset  its names, separated by blanks
 *     decode  charset  bytes  text
 *     encode  charset  text   bytes
 *     all     charset  the SHA-256 of the bytes of all characters from U+0000 to U+FFFF that are no surrogates
 *
 *     cd runtime/converters/string
 *     java ../../../hack/conformance/charsets/Charsets.java singlebyte.tsv testdata/charsets.tsv
 */
public class Charsets {
    static final List<String> SINGLE = List.of(
        "US-ASCII", "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9",
        "ISO-8859-13", "ISO-8859-15", "ISO-8859-16", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255",
        "windows-1256", "windows-1257", "windows-1258", "x-windows-874", "KOI8-R", "KOI8-U", "IBM437", "IBM850", "IBM852", "IBM855", "IBM00858",
        "IBM860", "IBM862", "IBM863", "IBM865", "IBM866", "IBM037", "IBM1047", "IBM01140", "x-MacRoman", "x-MacCyrillic");
    static final List<String> WIDE = List.of("UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE");
    static final List<String> TEXTS = List.of(
        "", "a", "plain ASCII text: \t\n~\u007f", "\u00e9\u00df\u00ff", "\u20ac and \u0152", "\u0416\u0438", "\u03a9", "\u05d0", "\u0e01", "\u65e5\u672c", "a\ud83d\ude00b", "\ud83d\ude00",
        "\ufeffa", "a\ufeff", "\ufffd", "\u0080\u0081\u009f\u00a0", "?", "\ue000", "\uffff");

    static String hex(byte[] b) { return HexFormat.of().formatHex(b); }

    static byte[] utf8(String s) { return s.getBytes(StandardCharsets.UTF_8); }

    public static void main(String[] args) throws Exception {
        try (PrintStream tables = new PrintStream(args[0], StandardCharsets.UTF_8); PrintStream out = new PrintStream(args[1], StandardCharsets.UTF_8)) {
            byte[] all = new byte[256];
            for (int i = 0; i < 256; i++) {
                all[i] = (byte) i;
            }
            for (String name : SINGLE) {
                Charset c = Charset.forName(name);
                tables.println(name + "\t" + aliases(c) + "\t" + hex(utf8(new String(all, c))));
                encode(out, c);
            }
            Random random = new Random(1);
            for (String name : WIDE) {
                Charset c = Charset.forName(name);
                out.println("names\t" + name + "\t" + name + " " + aliases(c));
                encode(out, c);
                for (int i = 0; i < 300; i++) {
                    byte[] b = bytes(random);
                    out.println("decode\t" + name + "\t" + hex(b) + "\t" + hex(utf8(new String(b, c))));
                }
            }
        }
    }

    static String aliases(Charset c) {
        return String.join(" ", c.aliases().stream().sorted().toList());
    }

    static void encode(PrintStream out, Charset c) throws Exception {
        for (String text : TEXTS) {
            out.println("encode\t" + c.name() + "\t" + hex(utf8(text)) + "\t" + hex(text.getBytes(c)));
        }
        StringBuilder every = new StringBuilder();
        for (int i = 0; i < 0x10000; i++) {
            if (i < 0xD800 || i > 0xDFFF) {
                every.append((char) i);
            }
        }
        out.println("all\t" + c.name() + "\t" + hex(MessageDigest.getInstance("SHA-256").digest(every.toString().getBytes(c))));
    }

    /** Bytes of UTF-16 in either order, with surrogates, marks of the order, and ends that are cut off. */
    static byte[] bytes(Random random) {
        byte[] b = new byte[random.nextInt(12)];
        int[] high = {0xD8, 0xDB, 0xDC, 0xDF, 0xFE, 0xFF, 0x00, 0x04, 0x61};
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : high[random.nextInt(high.length)]);
        }
        return b;
    }
}
